import type { Logger } from 'pino';
import { apiBackoff, attemptBackoff, type BackoffPolicy, prerequisiteBackoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { ControllerConfig } from './config.ts';
import type { Engine } from './engine.ts';
import { EventRecorder } from './event-recorder.ts';
import { Finalizers } from './finalizers.ts';
import { GoneResources } from './gone-resources.ts';
import type { Journal } from './journal.ts';
import type { KubeClient } from './kube-client.ts';
import type { ListWatch, WatchTuning } from './list-watch.ts';
import type { Metrics } from './metrics.ts';
import type { NodeWatch } from './node-watch.ts';
import { PathClaims } from './path-claims.ts';
import { Reconciler } from './reconciler.ts';
import type { RecoveryParts } from './recovery.ts';
import { Reporter } from './reporter.ts';
import { RunSlots } from './run-slots.ts';
import { Runs } from './runs.ts';
import { Starter } from './starter.ts';
import { StatusWriter } from './status-writer.ts';
import { Store } from './store.ts';
import { watchResources } from './watch-resources.ts';
import { Workers } from './workers.ts';

/** Looks at resources go on beside the attempts that run. */
const workersBesideRuns = 4;

export interface AssemblyParts {
  readonly config: Pick<ControllerConfig, 'nodeName' | 'maxConcurrent'>;
  readonly client: KubeClient;
  readonly journal: Journal;
  readonly engine: Engine;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Whose `now` nobody sets. */
  readonly steady: Clock;
  readonly node: NodeWatch;
  readonly log: Logger;
  readonly backoff?: {
    readonly api?: BackoffPolicy;
    readonly attempt?: BackoffPolicy;
    readonly prerequisite?: BackoffPolicy;
  };
  readonly watch?: WatchTuning;
  /** Aborted when the daemon is to end: nothing new is started. */
  readonly stopping: AbortSignal;
  /** Aborted when requests to the API server may take no longer. */
  readonly requests: AbortSignal;
}

/** What turns resources into attempts, at rest until workers and listWatch are started. */
export interface Assembly {
  readonly workers: Workers;
  readonly listWatch: ListWatch;
  readonly status: StatusWriter;
  readonly events: EventRecorder;
  readonly runs: Runs;
  readonly recovery: RecoveryParts;
}

export function assemble(parts: AssemblyParts): Assembly {
  const { config, client, journal, clock, steady, log, metrics, requests } = parts;
  const { nodeName, maxConcurrent } = config;
  const store = new Store();
  const runs = new Runs();
  const slots = new RunSlots(maxConcurrent, (key) => workers.add(key));
  const onError = (err: unknown): void => {
    metrics.eventLost();
    log.info({ err }, 'an event was not written');
  };
  const events = new EventRecorder({ client, clock, nodeName, onError, requests });
  const status = new StatusWriter({ client, store, clock, steady });
  const reporter = new Reporter({ status, events, log, requests });
  const common = {
    ...{ client, store, journal, clock, log, metrics, runs, slots, nodeName },
    ...{ engine: parts.engine, node: parts.node, steady, reporter },
    // A run may outlive its resource for as long as it takes to end it.
    claims: new PathClaims(journal.entries(), (uid) => store.hasUid(uid) || runs.hasUid(uid)),
    apiBackoff: parts.backoff?.api ?? apiBackoff,
    attemptBackoff: parts.backoff?.attempt ?? attemptBackoff,
    prerequisiteBackoff: parts.backoff?.prerequisite ?? prerequisiteBackoff,
    finalizers: new Finalizers({ client, store, reporter, requests }),
    stopping: parts.stopping,
  };
  const gone = new GoneResources(common);
  const reconciler = new Reconciler({
    ...{ ...common, gone },
    starter: new Starter(common),
    add: (key) => workers.add(key),
    addAfter: (key, ms) => workers.addAfter(key, ms),
  });
  const workers = new Workers({
    count: maxConcurrent + workersBesideRuns,
    clock: steady,
    work: async (key) => await reconciler.reconcile(key),
  });
  // As after a complete list: who waits for what the node lacked is not known, and the others stay as they are.
  parts.node.onLackEnded(() => {
    for (const key of store.keys()) workers.add(key);
  });
  const tuning = parts.watch ?? {};
  const started = steady.now();
  const listWatch = watchResources({ ...common, clock: steady, workers, gone, tuning });
  metrics.read({
    queueDepth: () => workers.depth,
    activeRuns: () => slots.running,
    waitingRuns: () => slots.waiting,
    resources: () => store.size,
    syncAge: () => (steady.now() - (listWatch.lastSync ?? started)) / 1000,
  });
  return { workers, listWatch, status, events, runs, recovery: common };
}
