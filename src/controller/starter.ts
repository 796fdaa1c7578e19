/** From the decision to run to the outcome of the attempt: secrets, plan, directory, slot. */
import type { Logger } from 'pino';
import { ContentError } from '../api/errors.ts';
import { type ContentPlan, planContent } from '../api/plan.ts';
import { isRecord } from '../api/record.ts';
import type { ContentResource } from '../api/resource.ts';
import { account } from './account.ts';
import {
  type AttemptOrder,
  type AttemptParts,
  beginAttempt,
  type Begun,
  carryOut,
} from './attempt.ts';
import type { BackoffPolicy } from './backoff.ts';
import type { Clock } from './clock.ts';
import { type Expected, isForgotten } from './decide.ts';
import { findElder } from './elder.ts';
import type { ClaimedEntry, FailedEntry } from './journal-entry.ts';
import { toKey } from './keys.ts';
import type { KubeClient } from './kube-client.ts';
import { resourceFields } from './log-fields.ts';
import type { Metrics } from './metrics.ts';
import type { NodeWatch } from './node-watch.ts';
import { describeClaim, type PathClaim, type PathClaims } from './path-claims.ts';
import { ProgressThrottle } from './progress-throttle.ts';
import type { Reporter } from './reporter.ts';
import type { RunSlots } from './run-slots.ts';
import type { Runs } from './runs.ts';
import { type FetchedSecrets, fetchSecrets } from './secrets.ts';
import type { Store } from './store.ts';

export interface StarterParts extends AttemptParts {
  readonly client: Pick<KubeClient, 'get'>;
  readonly store: Store;
  readonly claims: PathClaims;
  readonly slots: RunSlots;
  readonly runs: Runs;
  readonly reporter: Reporter;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Whose `now` nobody sets. */
  readonly steady: Clock;
  /** Between requests to the API server that fail. */
  readonly apiBackoff: BackoffPolicy;
  readonly node: Pick<NodeWatch, 'lack' | 'suspect'>;
}

export type Start =
  /** An attempt was made; the journal has its outcome. */
  | { readonly kind: 'ended' }
  /** All slots are taken; the key is added again when one is free. */
  | { readonly kind: 'queued' }
  /** Something stands in the way; nothing was done. */
  | {
      readonly kind: 'blocked';
      readonly error: ContentError;
      /** The key of the resource whose directory it is. */
      readonly owner?: string;
      /** It was found with a slot to run in. */
      readonly inSlot?: true;
    }
  /** The resource was deleted or suspended, or the daemon is to end, before anything was done. */
  | { readonly kind: 'withdrawn' };

export class Starter {
  readonly #parts: StarterParts;

  constructor(parts: StarterParts) {
    this.#parts = parts;
  }

  /** Throws as KubeClient, and ContentError when the outcome could not be written to the journal. */
  async start(resource: ContentResource, expected: Expected): Promise<Start> {
    const { journal, claims } = this.#parts;
    try {
      return await this.#start(resource, expected);
    } finally {
      // Without a word in the journal it has no right to the directory.
      if (journal.get(resource.uid) === undefined) claims.release(resource.uid);
    }
  }

  async #start(resource: ContentResource, expected: Expected): Promise<Start> {
    const { runs, node } = this.#parts;
    // The attempt would fail by it.
    if (node.lack !== undefined) return { kind: 'blocked', error: node.lack };
    const key = toKey(resource);
    // From here on it can be ended, also while the API server keeps a Secret waiting.
    const { signal } = runs.begin(key, resource.uid);
    try {
      return await this.#prepare(resource, expected, signal);
    } finally {
      runs.end(key);
    }
  }

  async #prepare(
    resource: ContentResource,
    expected: Expected,
    signal: AbortSignal,
  ): Promise<Start> {
    const { slots, engine } = this.#parts;
    const key = toKey(resource);
    let plan: ContentPlan;
    let secretVersions: string | undefined;
    let destination: string;
    try {
      const secrets = await this.#secretsOf(resource, signal);
      plan = planContent(resource, secrets.values);
      secretVersions = secrets.versions;
      destination = engine.destinationOf(resource);
      const owner = this.#claim(resource, destination);
      if (owner !== undefined) return toPathInUse(owner, destination);
      if (!slots.claim(key)) {
        await this.#remember(resource, destination);
        return { kind: 'queued' };
      }
    } catch (error) {
      if (signal.aborted) return { kind: 'withdrawn' };
      return toBlocked(error);
    }
    const order = { resource, plan, destination, expected, secretVersions, signal };
    let throttle: ProgressThrottle | undefined;
    try {
      const begun = await this.#begin(order);
      if ('kind' in begun) return begun;
      throttle = this.#tellOf(order, begun);
      return await this.#carryOut(order, begun, throttle);
    } finally {
      // Whoever is next need not wait for what the API server has yet to answer.
      slots.release();
      await throttle?.settled();
    }
  }

  /** Whether a Secret has changed since the attempt; no, where that cannot be told. */
  async hasOtherSecrets(resource: ContentResource, entry: FailedEntry): Promise<boolean> {
    if (entry.secretVersions === undefined) return false;
    try {
      const { versions } = await this.#secretsOf(resource, this.#parts.stopping);
      return versions !== entry.secretVersions;
    } catch {
      return false;
    }
  }

  async #secretsOf(resource: ContentResource, signal: AbortSignal): Promise<FetchedSecrets> {
    const { client, stopping } = this.#parts;
    return await fetchSecrets(client, resource, AbortSignal.any([signal, stopping]));
  }

  /** Answers whose the directory is, when it is another's. */
  #claim(resource: ContentResource, hostPath: string): PathClaim | undefined {
    const { uid, namespace, name } = resource;
    const claim = { uid, namespace, name, hostPath };
    return this.#elderThan(resource, hostPath) ?? this.#parts.claims.claim(claim);
  }

  /** Who has a claim of its own needs to fear nobody but those who have one as well. */
  #elderThan(resource: ContentResource, hostPath: string): PathClaim | undefined {
    const { journal, store, engine } = this.#parts;
    if (journal.get(resource.uid) !== undefined) return undefined;
    const others = [...store.keys()].flatMap((key) => store.get(key) ?? []);
    return findElder(resource, hostPath, others, engine, ({ identity, object }) => {
      return isForgotten(journal.get(identity.uid), statusOf(object));
    });
  }

  /**
   * Who waits keeps its claim over a restart. Where the journal was lost it goes on knowing nothing: with
   * a word in it, what lies in the directory would not be taken for content that may have been made.
   */
  async #remember(resource: ContentResource, hostPath: string): Promise<void> {
    const { journal } = this.#parts;
    const { uid, namespace, name, status } = resource;
    const history = journal.get(uid);
    if (history !== undefined || isForgotten(history, status)) return;
    const counts = { attempts: 0, failures: 0, dirty: false };
    const entry: ClaimedEntry = { uid, namespace, name, hostPath, ...counts, state: 'claimed' };
    await journal.write(entry);
  }

  async #begin(order: AttemptOrder): Promise<Begun | Start> {
    const { store, runs, stopping } = this.#parts;
    const key = toKey(order.resource);
    // What happened while the plan was made.
    runs.check(key, store.get(key));
    try {
      return await beginAttempt(this.#parts, order);
    } catch (error) {
      if (order.signal.aborted || stopping.aborted) return { kind: 'withdrawn' };
      return { ...toBlocked(error), inSlot: true };
    }
  }

  /** Says that the attempt runs, at once and until it lands. */
  #tellOf({ resource, destination }: AttemptOrder, { entry }: Begun): ProgressThrottle {
    const { reporter, steady, apiBackoff, log } = this.#parts;
    log.info({ ...resourceFields(resource), attempt: entry.attempts }, 'attempt starts');
    const throttle = new ProgressThrottle({
      clock: steady,
      backoff: apiBackoff,
      write: async (progress) => {
        const view = { kind: 'running', entry, ...(progress && { progress }) } as const;
        return await reporter.tell(resource, view, destination);
      },
    });
    throttle.start();
    return throttle;
  }

  async #carryOut(order: AttemptOrder, begun: Begun, throttle: ProgressThrottle): Promise<Start> {
    const outcome = await carryOut(this.#parts, order, begun, (progress) => {
      throttle.progress(progress);
    });
    account(this.#parts, order.resource, outcome);
    return { kind: 'ended' };
  }
}

/** What anybody may have written into it. */
function statusOf(object: unknown): ContentResource['status'] {
  const status = isRecord(object) ? object['status'] : undefined;
  return isRecord(status) ? status : {};
}

function toBlocked(error: unknown): Start & { readonly kind: 'blocked' } {
  if (error instanceof ContentError) return { kind: 'blocked', error };
  throw error;
}

function toPathInUse(owner: PathClaim, hostPath: string): Start {
  const error = new ContentError('PathInUse', describeClaim(owner, hostPath));
  return { kind: 'blocked', error, owner: toKey(owner) };
}
