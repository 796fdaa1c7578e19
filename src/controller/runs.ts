import { ContentError } from '../api/errors.ts';
import { isRecord } from '../api/record.ts';
import type { StoredResource } from './store.ts';

interface Run {
  readonly uid: string;
  readonly controller: AbortController;
}

/** The attempts that go on, by key, and the reasons to end one early. */
export class Runs {
  readonly #runs = new Map<string, Run>();

  keys(): IterableIterator<string> {
    return this.#runs.keys();
  }

  /** Whether an attempt of that uid goes on, be its resource gone or not. */
  hasUid(uid: string): boolean {
    for (const run of this.#runs.values()) if (run.uid === uid) return true;
    return false;
  }

  begin(key: string, uid: string): AbortController {
    const controller = new AbortController();
    this.#runs.set(key, { uid, controller });
    return controller;
  }

  end(key: string): void {
    this.#runs.delete(key);
  }

  /** Ends the run of the key when its resource, as it is now, does not want it any more. */
  check(key: string, stored: StoredResource | undefined): void {
    const run = this.#runs.get(key);
    if (run === undefined) return;
    const why = whyStop(run.uid, stored);
    if (why !== undefined) run.controller.abort(new ContentError('Cancelled', why));
  }

  abortAll(reason: ContentError): void {
    for (const { controller } of this.#runs.values()) controller.abort(reason);
  }
}

function whyStop(uid: string, stored: StoredResource | undefined): string | undefined {
  const gone = stored?.identity.uid !== uid || stored.identity.deletionTimestamp !== undefined;
  if (gone) return 'the resource was deleted while the attempt ran';
  const spec = isRecord(stored.object) ? stored.object['spec'] : undefined;
  const suspended = isRecord(spec) && spec['suspend'] === true;
  return suspended ? 'the resource was suspended while the attempt ran' : undefined;
}
