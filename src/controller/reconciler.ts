import { ContentError, isRetried } from '../api/errors.ts';
import { type ContentResource, parseResource } from '../api/resource.ts';
import { ApiError } from './api-error.ts';
import { apiBackoff, backoffMs, type BackoffPolicy } from './backoff.ts';
import { decide, type Expected } from './decide.ts';
import type { JournalEntry } from './journal-entry.ts';
import { toKey } from './keys.ts';
import { isRecord } from '../api/record.ts';
import { recover, type RecoveryParts } from './recovery.ts';
import type { Reporter } from './reporter.ts';
import type { RunSlots } from './run-slots.ts';
import type { Starter } from './starter.ts';
import type { View } from './status.ts';
import type { Store, StoredResource } from './store.ts';

export interface ReconcilerParts extends RecoveryParts {
  readonly nodeName: string;
  readonly store: Store;
  readonly slots: RunSlots;
  readonly starter: Starter;
  readonly reporter: Reporter;
  /** Between looks at what stands in the way of an attempt. */
  readonly prerequisiteBackoff: BackoffPolicy;
  readonly add: (key: string) => void;
  readonly addAfter: (key: string, ms: number) => void;
  /** Aborted when the daemon is to end: nothing new is started. */
  readonly stopping: AbortSignal;
}

/** Brings one resource a step further: looks, decides, does, says so. */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  /** Times in a row that a key was not brought further. */
  readonly #failures = new Map<string, number>();
  /** Keys whose directory belongs to another resource. */
  readonly #pathWaiters = new Set<string>();

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** Never rejects: what fails is tried again after a pause. */
  async reconcile(key: string): Promise<void> {
    const { store, slots, stopping, log } = this.#parts;
    const stored = store.get(key);
    try {
      if (stored === undefined) this.#forget(key);
      else await this.#bringFurther(stored);
    } catch (error) {
      slots.withdraw(key);
      if (stopping.aborted) return;
      log.warn({ key, err: error }, 'reconciliation failed; it is tried again');
      const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
      this.#retry(key, apiBackoff, asked);
    }
  }

  #forget(key: string): void {
    this.#parts.slots.withdraw(key);
    this.#failures.delete(key);
    this.#pathWaiters.delete(key);
    // A directory may have become free.
    for (const waiter of this.#pathWaiters) this.#parts.add(waiter);
    this.#pathWaiters.clear();
  }

  async #bringFurther(stored: StoredResource): Promise<void> {
    const { journal } = this.#parts;
    const { uid } = stored.identity;
    if (nodeNameOf(stored) !== this.#parts.nodeName) return;
    // Nothing is built on what the disk does not have.
    await journal.settle(uid);
    let resource: ContentResource;
    try {
      resource = parseResource(stored.object);
    } catch (error) {
      if (!(error instanceof ContentError)) throw error;
      await this.#reportUnreadable(stored, error);
      return;
    }
    await this.#act(resource);
  }

  /** Content that is there is there, whatever a newer version wrote into the resource. */
  async #reportUnreadable({ identity }: StoredResource, error: ContentError): Promise<void> {
    const history = this.#parts.journal.get(identity.uid);
    const entry = history === 'unreadable' ? undefined : history;
    const view: View =
      entry?.state === 'succeeded' ? { kind: 'ready', entry } : { kind: 'blocked', entry, error };
    await this.#parts.reporter.report(identity, view, entry?.hostPath);
  }

  async #act(resource: ContentResource): Promise<void> {
    const { journal, nodeName, clock, slots } = this.#parts;
    const { uid, spec } = resource;
    const key = toKey(resource);
    const history = journal.get(uid);
    const entry = history === 'unreadable' ? undefined : history;
    const action = decide({ resource, history, nodeName, now: clock.now() });
    if (action.kind !== 'run') slots.withdraw(key);
    switch (action.kind) {
      case 'ignore':
        return;
      case 'recover':
        await recover(this.#parts, action.entry);
        return await this.#again(key);
      case 'publish':
        return await this.#settle(resource, { kind: 'ready', entry: action.entry });
      case 'give-up':
        return await this.#settle(resource, { kind: 'failed', entry: action.entry });
      case 'suspend':
        return await this.#settle(resource, { kind: 'suspended', entry });
      case 'refuse':
        return await this.#settle(resource, { kind: 'blocked', entry, error: action.error });
      case 'wait': {
        const { backoffLimit } = spec;
        await this.#settle(resource, { kind: 'retrying', entry: action.entry, backoffLimit });
        this.#parts.addAfter(key, action.entry.retryAt - clock.now());
        return;
      }
      case 'run':
        return await this.#run(resource, entry, action.expected);
    }
  }

  /** Starts an attempt, or says what stands in its way. */
  async #run(
    resource: ContentResource,
    entry: JournalEntry | undefined,
    expected: Expected,
  ): Promise<void> {
    const { starter, slots, stopping, prerequisiteBackoff } = this.#parts;
    const key = toKey(resource);
    if (stopping.aborted) return await this.#reportInterrupted(resource, entry);
    const start = await starter.start(resource, expected);
    if (start.kind !== 'queued') slots.withdraw(key);
    switch (start.kind) {
      case 'ended':
        // The journal knows how it ended; what follows from that is decided as always.
        return await this.#again(key);
      case 'queued':
        return await this.#settle(resource, { kind: 'queued', entry, limit: slots.limit });
      case 'withdrawn':
        this.#parts.add(key);
        return;
      case 'blocked': {
        const { error } = start;
        await this.#report(resource, { kind: 'blocked', entry, error });
        const waits = error.reason === 'PathInUse';
        if (waits) this.#pathWaiters.add(key);
        // A directory becomes free in more ways than by a resource that goes.
        if (waits || isRetried(error.reason)) this.#retry(key, prerequisiteBackoff);
      }
    }
  }

  async #again(key: string): Promise<void> {
    const stored = this.#parts.store.get(key);
    if (stored !== undefined) await this.#bringFurther(stored);
  }

  /** The next life of the daemon goes on; until then this is how it stands. */
  async #reportInterrupted(
    resource: ContentResource,
    entry: JournalEntry | undefined,
  ): Promise<void> {
    if (entry?.state !== 'failed') return;
    const { backoffLimit } = resource.spec;
    await this.#report(resource, { kind: 'retrying', entry, backoffLimit });
  }

  /** Reports what stands until something happens. */
  async #settle(resource: ContentResource, view: View): Promise<void> {
    await this.#report(resource, view);
    this.#failures.delete(toKey(resource));
  }

  async #report(resource: ContentResource, view: View): Promise<void> {
    const hostPath = view.entry?.hostPath ?? this.#destinationOf(resource);
    await this.#parts.reporter.report(resource, view, hostPath);
  }

  #destinationOf(resource: ContentResource): string | undefined {
    try {
      return this.#parts.engine.destinationOf(resource);
    } catch {
      // It is none that the resource may use, which its conditions say.
      return undefined;
    }
  }

  #retry(key: string, policy: BackoffPolicy, atLeastMs = 0): void {
    const { clock, addAfter } = this.#parts;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    addAfter(key, Math.max(atLeastMs, backoffMs(policy, failures, clock.random())));
  }
}

function nodeNameOf({ object }: StoredResource): unknown {
  const spec = isRecord(object) ? object['spec'] : undefined;
  return isRecord(spec) ? spec['nodeName'] : undefined;
}
