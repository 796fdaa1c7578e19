/** From the decision to run to the outcome of the attempt: secrets, plan, directory, slot. */
import type { Logger } from 'pino';
import { ContentError, isOfNode } from '../api/errors.ts';
import { type ContentPlan, planContent } from '../api/plan.ts';
import { isRecord } from '../api/record.ts';
import type { ContentResource } from '../api/resource.ts';
import { type AttemptOrder, type AttemptParts, beginAttempt, carryOut } from './attempt.ts';
import type { Clock } from './clock.ts';
import { type Expected, wasTried } from './decide.ts';
import { findElder } from './elder.ts';
import type { ClaimedEntry, FailedEntry, SucceededEntry } from './journal-entry.ts';
import { toKey } from './keys.ts';
import type { KubeClient } from './kube-client.ts';
import { resourceFields } from './log-fields.ts';
import type { Metrics } from './metrics.ts';
import type { NodeWatch } from './node-watch.ts';
import type { PathClaim, PathClaims } from './path-claims.ts';
import { ProgressThrottle } from './progress-throttle.ts';
import type { Reporter } from './reporter.ts';
import type { RunSlots } from './run-slots.ts';
import type { Runs } from './runs.ts';
import { type FetchedSecrets, fetchSecrets } from './secrets.ts';
import { successReason } from './status.ts';
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
  readonly steady: Pick<Clock, 'now'>;
  readonly node: Pick<NodeWatch, 'lack' | 'suspect'>;
}

export type Start =
  /** An attempt was made; the journal has its outcome. */
  | { readonly kind: 'ended' }
  /** All slots are taken; the key is added again when one is free. */
  | { readonly kind: 'queued' }
  /** Something stands in the way; nothing was done. */
  | { readonly kind: 'blocked'; readonly error: ContentError }
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
      this.#claim(resource, destination);
      if (!slots.claim(key)) {
        await this.#remember(resource, destination);
        return { kind: 'queued' };
      }
    } catch (error) {
      if (signal.aborted) return { kind: 'withdrawn' };
      return toBlocked(error);
    }
    try {
      const order = { resource, plan, destination, expected, secretVersions, signal };
      return await this.#attempt(order);
    } finally {
      slots.release();
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

  #claim(resource: ContentResource, hostPath: string): void {
    const { uid, namespace, name } = resource;
    const claim = { uid, namespace, name, hostPath };
    const owner = this.#elderThan(resource, hostPath) ?? this.#parts.claims.claim(claim);
    if (owner === undefined) return;
    const whose = `${owner.namespace}/${owner.name}`;
    const what = owner.hostPath === hostPath ? hostPath : `${owner.hostPath}, which overlaps,`;
    throw new ContentError('PathInUse', `${what} belongs to the WorkspaceContent ${whose}`);
  }

  /** Who has a claim of its own needs to fear nobody but those who have one as well. */
  #elderThan(resource: ContentResource, hostPath: string): PathClaim | undefined {
    const { journal, store, engine } = this.#parts;
    if (journal.get(resource.uid) !== undefined) return undefined;
    const others = [...store.keys()].flatMap((key) => store.get(key) ?? []);
    return findElder(resource, hostPath, others, engine, ({ identity, object }) => {
      const history = journal.get(identity.uid);
      return history === 'unreadable' || (history === undefined && wasTried(statusOf(object)));
    });
  }

  /** Who waits keeps its claim over a restart. */
  async #remember({ uid, namespace, name }: ContentResource, hostPath: string): Promise<void> {
    const { journal } = this.#parts;
    if (journal.get(uid) !== undefined) return;
    const counts = { attempts: 0, failures: 0, dirty: false };
    const entry: ClaimedEntry = { uid, namespace, name, hostPath, ...counts, state: 'claimed' };
    await journal.write(entry);
  }

  async #attempt(order: AttemptOrder): Promise<Start> {
    const { store, runs, reporter, steady, log } = this.#parts;
    const { resource, destination, signal } = order;
    // What happened while the plan was made.
    runs.check(toKey(resource), store.get(toKey(resource)));
    let begun;
    try {
      begun = await beginAttempt(this.#parts, order);
    } catch (error) {
      if (signal.aborted || this.#parts.stopping.aborted) return { kind: 'withdrawn' };
      return toBlocked(error);
    }
    const { entry } = begun;
    log.info({ ...resourceFields(resource), attempt: entry.attempts }, 'attempt starts');
    const throttle = new ProgressThrottle(
      () => steady.now(),
      async (progress) => {
        const view = { kind: 'running', entry, ...(progress && { progress }) } as const;
        await reporter.tell(resource, view, destination);
      },
    );
    throttle.start();
    try {
      const outcome = await carryOut(this.#parts, order, begun, (progress) => {
        throttle.progress(progress);
      });
      this.#account(resource, outcome);
      return { kind: 'ended' };
    } finally {
      await throttle.settled();
    }
  }

  #account(resource: ContentResource, outcome: SucceededEntry | FailedEntry): void {
    const { metrics, log, node } = this.#parts;
    const fields = { ...resourceFields(resource), attempt: outcome.attempts };
    const type = typeOf(resource);
    const took = outcome.completionTime - outcome.startTime;
    if (outcome.state === 'succeeded') {
      metrics.attemptEnded(type, successReason, true, took);
      const { source, warnings } = outcome.report;
      log.info({ ...fields, source, warnings, durationMs: took }, 'content is ready');
    } else {
      const { reason, message, step } = outcome.error;
      metrics.attemptEnded(type, reason, false, took);
      if (isOfNode(reason) || reason === 'SandboxFailed') node.suspect();
      const leftover = outcome.dirty ? outcome.hostPath : undefined;
      log.warn({ ...fields, reason, message, step, leftover, durationMs: took }, 'attempt failed');
    }
  }
}

/** What anybody may have written into it. */
function statusOf(object: unknown): ContentResource['status'] {
  const status = isRecord(object) ? object['status'] : undefined;
  return isRecord(status) ? status : {};
}

function toBlocked(error: unknown): Start {
  if (error instanceof ContentError) return { kind: 'blocked', error };
  throw error;
}

/** The label of metrics; it may have few values only. */
function typeOf({ spec }: ContentResource): string {
  return Object.keys(spec.initializer ?? { proto: true })[0] ?? 'empty';
}
