import { isDeepStrictEqual } from 'node:util';
import { apiGroup, apiVersion, kind, plural, type ResourceIdentity } from '../api/resource.ts';
import type { WorkspaceContentStatus } from '../api/types.generated.ts';
import { isApiStatus } from './api-error.ts';
import type { Clock } from './clock.ts';
import type { KubeClient } from './kube-client.ts';
import { toKey } from './keys.ts';
import { isRecord } from '../api/record.ts';
import { buildStatus, type View } from './status.ts';
import type { Store, StoredResource } from './store.ts';

export const resourcesPath = `/apis/${apiGroup}/${apiVersion}/${plural}`;

export interface StatusWriterOptions {
  readonly client: Pick<KubeClient, 'apply'>;
  readonly store: Store;
  readonly clock: Clock;
  /** Whose `now` nobody sets. */
  readonly steady: Pick<Clock, 'now'>;
}

/** Status writes that the daemon has no right to, one after the other. */
export interface Refusal {
  /** Of the first, in milliseconds of the steady clock. */
  readonly since: number;
  /** Of the last. */
  readonly error: unknown;
  readonly uid: string;
}

/** Writes the status of resources where it differs from what the API server holds. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  #refusal: Refusal | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** Undefined as soon as a write lands, or nothing is left to write where one was refused. */
  get refusal(): Refusal | undefined {
    const refusal = this.#refusal;
    return refusal !== undefined && this.#options.store.hasUid(refusal.uid) ? refusal : undefined;
  }

  /**
   * Answers the status that it replaced; undefined when nothing was written, because the status says so
   * already or the resource is gone.
   * Throws as KubeClient, also when the API server does not find it, or finds another one of its name:
   * an API server that has just started may say so of what is there, and of what is gone the watch
   * tells in a moment.
   */
  async publish(
    identity: ResourceIdentity,
    view: View,
    hostPath: string | undefined,
    signal: AbortSignal,
  ): Promise<WorkspaceContentStatus | undefined> {
    const { client, store, clock } = this.#options;
    const stored = store.get(toKey(identity));
    if (stored?.identity.uid !== identity.uid) return undefined;
    const current = statusOf(stored);
    const resource = { generation: stored.identity.generation, status: current };
    const status = buildStatus(view, { resource, hostPath, now: clock.now() });
    const { namespace, name, uid } = identity;
    if (isDeepStrictEqual(status, current)) {
      // What was refused need not be written any more.
      if (this.#refusal?.uid === uid) this.#refusal = undefined;
      return undefined;
    }
    const path = `/apis/${apiGroup}/${apiVersion}/namespaces/${namespace}/${plural}/${name}/status`;
    const body = {
      apiVersion: `${apiGroup}/${apiVersion}`,
      kind,
      // The uid makes it fail where another resource has taken the name.
      metadata: { namespace, name, uid },
      status,
    };
    try {
      const answer = await client.apply(path, body, signal);
      this.#refusal = undefined;
      // The watch tells the same a moment later; until then this is what is there.
      if (store.get(toKey(identity))?.identity.uid === uid) store.upsert(answer);
      return current;
    } catch (error) {
      // Another resource has the name by now, or too many wrote at once: what is there has to tell.
      if (isApiStatus(error, 404, 409) && !store.hasUid(uid)) return undefined;
      if (isApiStatus(error, 401, 403)) this.#refuse(uid, error);
      throw error;
    }
  }

  #refuse(uid: string, error: unknown): void {
    const since = this.refusal?.since ?? this.#options.steady.now();
    this.#refusal = { since, error, uid };
  }
}

function statusOf(stored: StoredResource): WorkspaceContentStatus {
  const status = isRecord(stored.object) ? stored.object['status'] : undefined;
  return isRecord(status) ? status : {};
}
