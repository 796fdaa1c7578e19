import { ContentError, isRetried } from '../api/errors.ts';
import { type ContentResource, parseResource, type ResourceIdentity } from '../api/resource.ts';
import { askedPauseOf } from './api-error.ts';
import type { BackoffPolicy } from './backoff.ts';
import type { Clock } from './clock.ts';
import { viewContent } from './content-check.ts';
import { contentFinalizer, decide, type Expected, type Farewell } from './decide.ts';
import { type DeletionParts, finishDeletion, settleFor } from './deletion.ts';
import { doOrSay, type Step } from './do-or-say.ts';
import { allowedDestination, type Engine } from './engine.ts';
import { madeAgain } from './events.ts';
import type { GoneResources } from './gone-resources.ts';
import type { JournalEntry, RunningEntry } from './journal-entry.ts';
import { entryOf } from './journal.ts';
import { toKey } from './keys.ts';
import { PathWaiters } from './path-waiters.ts';
import { recover, type RecoveryParts } from './recovery.ts';
import { removeLastRemains } from './remains.ts';
import { Retries } from './retries.ts';
import type { RunSlots } from './run-slots.ts';
import type { Starter } from './starter.ts';
import { Standing } from './standing.ts';
import { saysFailed, type View } from './status.ts';
import { nodeNameOf, type Store, type StoredResource } from './store.ts';

export interface ReconcilerParts extends RecoveryParts, Omit<DeletionParts, 'engine'> {
  readonly engine: Engine;
  /** Whose `now` nobody sets. */
  readonly steady: Clock;
  readonly nodeName: string;
  readonly store: Store;
  readonly slots: RunSlots;
  readonly starter: Starter;
  readonly gone: GoneResources;
  /** Between requests to the API server that fail. */
  readonly apiBackoff: BackoffPolicy;
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
  readonly #retries: Retries;
  readonly #standing: Standing;
  readonly #pathWaiters: PathWaiters;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#retries = new Retries(parts);
    this.#standing = new Standing(parts, this.#retries);
    this.#pathWaiters = new PathWaiters(parts.add);
  }

  /** Never rejects: what fails is tried again after a pause. */
  async reconcile(key: string): Promise<void> {
    const { store, slots, stopping, log, gone } = this.#parts;
    try {
      if (await gone.tidy(key)) this.#pathWaiters.wake(key);
      const stored = store.get(key);
      if (stored === undefined) this.#forget(key);
      else await this.#bringFurther(stored);
    } catch (error) {
      slots.withdraw(key);
      if (stopping.aborted) return;
      log.warn({ key, err: error }, 'reconciliation failed; it is tried again');
      this.#retries.retry(key, this.#parts.apiBackoff, askedPauseOf(error));
    }
  }

  #forget(key: string): void {
    this.#parts.slots.withdraw(key);
    this.#retries.forget(key);
    this.#pathWaiters.leave(key);
    this.#pathWaiters.wake(key);
  }

  async #bringFurther(stored: StoredResource): Promise<void> {
    const { journal, slots, nodeName } = this.#parts;
    const { key, identity } = stored;
    if (nodeNameOf(stored) !== nodeName) return slots.withdraw(key);
    // Nothing is built on what the disk does not have.
    await settleFor(journal, identity).catch(async (error: unknown) => {
      await this.#standing.reportUnsettled(identity, error);
      throw error;
    });
    let resource: ContentResource;
    try {
      resource = parseResource(stored.object);
    } catch (error) {
      if (!(error instanceof ContentError)) throw error;
      slots.withdraw(key);
      return await this.#reportUnreadable(stored, error);
    }
    await this.#act(resource);
  }

  /** Content that is there is there, whatever a newer version wrote into the resource. */
  async #reportUnreadable({ identity }: StoredResource, error: ContentError): Promise<void> {
    const history = this.#parts.journal.get(identity.uid);
    const entry = entryOf(history);
    if (entry?.state === 'running') return await this.#recover(identity, entry);
    if (identity.deletionTimestamp !== undefined) {
      if (!identity.finalizers.includes(contentFinalizer)) return;
      return await this.#finalize(identity, { kind: 'unproven' });
    }
    const view: View =
      entry?.state === 'succeeded' ? { kind: 'ready', entry } : { kind: 'blocked', entry, error };
    await this.#parts.reporter.report(identity, view, entry?.hostPath);
  }

  async #act(resource: ContentResource): Promise<void> {
    const parts = this.#parts;
    const { journal, nodeName, clock, slots } = parts;
    const { uid, spec } = resource;
    const key = toKey(resource);
    const history = journal.get(uid);
    const entry = entryOf(history);
    const destination = allowedDestination(this.#parts.engine, resource);
    const situation = { resource, history, nodeName, now: clock.now(), destination };
    let action = decide(situation);
    if (action.kind === 'give-up') {
      const hasOtherSecrets = await parts.starter.hasOtherSecrets(resource, action.entry);
      action = decide({ ...situation, hasOtherSecrets });
    }
    if (action.kind !== 'run') slots.withdraw(key);
    switch (action.kind) {
      case 'ignore':
        return;
      case 'recover':
        return await this.#recover(resource, action.entry);
      case 'publish':
        return await this.#standing.settle(resource, await viewContent(parts.engine, action.entry));
      case 'give-up':
        await this.#standing.settle(resource, { kind: 'failed', entry: action.entry });
        return await removeLastRemains(parts, action.entry);
      case 'suspend':
        return await this.#standing.settle(resource, { kind: 'suspended', entry });
      case 'protect':
        return await this.#protect(resource, entry);
      case 'finalize':
        return await this.#finalize(resource, action.farewell);
      case 'wait': {
        const { backoffLimit } = spec;
        await this.#standing.settle(resource, {
          kind: 'retrying',
          entry: action.entry,
          backoffLimit,
        });
        parts.addAfter(key, action.entry.retryAt - clock.now());
        return;
      }
      case 'run':
        await this.#standing.reportFailure(resource, entry);
        return await this.#run(resource, entry, action.expected);
    }
  }

  async #recover(identity: ResourceIdentity, entry: RunningEntry): Promise<void> {
    const act = async (): Promise<void> => await recover(this.#parts, entry);
    await this.#doAndGoOn({ identity, entry, hostPath: entry.hostPath, act });
  }

  async #protect(resource: ContentResource, entry: JournalEntry | undefined): Promise<void> {
    const act = async (): Promise<void> => await this.#parts.finalizers.set(resource, true);
    const hostPath = this.#standing.pathOf(resource, entry);
    await this.#doAndGoOn({ identity: resource, entry, hostPath, act });
  }

  async #finalize(identity: ResourceIdentity, farewell: Farewell): Promise<void> {
    const entry = farewell.kind === 'remove' ? farewell.entry : undefined;
    const isAnew = !this.#retries.hasRested(identity);
    const act = async (): Promise<void> =>
      await finishDeletion(this.#parts, identity, farewell, isAnew);
    await doOrSay(this.#parts, this.#retries, { identity, entry, hostPath: entry?.hostPath, act });
  }

  async #doAndGoOn(step: Step): Promise<void> {
    if (await doOrSay(this.#parts, this.#retries, step)) await this.#again(toKey(step.identity));
  }

  /** Starts an attempt, or says what stands in its way. */
  async #run(
    resource: ContentResource,
    entry: JournalEntry | undefined,
    expected: Expected,
  ): Promise<void> {
    const { starter, slots, stopping, prerequisiteBackoff, journal, reporter } = this.#parts;
    // The next life of the daemon goes on.
    if (stopping.aborted) return;
    const key = toKey(resource);
    if (this.#retries.isResting(resource)) return;
    const isUnreadable = journal.get(resource.uid) === 'unreadable';
    // A directory that becomes free in the meantime brings it up again.
    this.#pathWaiters.wait(key);
    const start = await starter.start(resource, expected);
    const owner = start.kind === 'blocked' ? start.owner : undefined;
    if (owner === undefined) this.#pathWaiters.leave(key);
    else this.#pathWaiters.wait(key, owner);
    if (start.kind === 'ended' && isUnreadable) reporter.announce(resource, madeAgain);
    if (start.kind !== 'queued') slots.withdraw(key);
    switch (start.kind) {
      case 'ended':
        // The journal knows how it ended; what follows from that is decided as always.
        return await this.#again(key);
      case 'queued':
        if (this.#isStillBlocked(resource, entry)) return;
        return await this.#standing.settle(resource, { kind: 'queued', entry, limit: slots.limit });
      case 'withdrawn':
        this.#parts.add(key);
        return;
      case 'blocked': {
        const { error, inSlot } = start;
        await this.#standing.report(resource, { kind: 'blocked', entry, error });
        // A directory becomes free in more ways than by a resource that goes.
        if (error.reason !== 'PathInUse' && !isRetried(error.reason)) return;
        if (inSlot) this.#retries.rest(resource, prerequisiteBackoff);
        else this.#retries.retry(key, prerequisiteBackoff);
      }
    }
  }

  /**
   * Whether the status names something that is looked at within a slot: most likely it still stands in
   * the way. A directory of another's is not, and a failed attempt would be no reason to start another.
   */
  #isStillBlocked(resource: ContentResource, entry: JournalEntry | undefined): boolean {
    if (this.#retries.hasRested(resource)) return true;
    return (
      saysFailed(resource) &&
      entry?.state !== 'failed' &&
      resource.status.error?.reason !== 'PathInUse'
    );
  }

  async #again(key: string): Promise<void> {
    const stored = this.#parts.store.get(key);
    if (stored !== undefined) await this.#bringFurther(stored);
  }
}
