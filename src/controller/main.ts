/** The daemon of one node: started, watched over and ended. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { ContentError } from '../api/errors.ts';
import { createRunEnvironment } from '../init/environment.ts';
import { tryEach } from '../init/try-each.ts';
import { unheard, unsaid } from './api-health.ts';
import { assemble, type AssemblyParts } from './assembly.ts';
import { type Clock, steadyClock, systemClock } from './clock.ts';
import type { ControllerConfig } from './config.ts';
import type { Engine } from './engine.ts';
import { startHealthServer } from './health.ts';
import { Journal } from './journal.ts';
import { KubeClient } from './kube-client.ts';
import { loadKubeConfig } from './kube-config.ts';
import { createTransport, type KubeTransport } from './kube-transport.ts';
import { createLogger } from './logger.ts';
import { Metrics } from './metrics.ts';
import { createNodeEngine } from './node-engine.ts';
import { NodeWatch } from './node-watch.ts';
import { overlaps } from './path-claims.ts';
import { recoverAll } from './recovery.ts';
import { lockStateDir } from './state-lock.ts';

/** Parts that tests replace. */
export interface ControllerParts extends Pick<AssemblyParts, 'backoff' | 'watch'> {
  readonly engine?: Engine;
  readonly transport?: KubeTransport;
  readonly clock?: Clock;
  /** Whose `now` nobody sets; the clock above, when only that one is given. */
  readonly steady?: Clock;
  /** Milliseconds between two looks at a node that lacks nothing. */
  readonly nodeCheckMs?: number;
  readonly log?: Logger;
}

export interface RunningController {
  /** Of /healthz, /readyz and /metrics. */
  readonly healthUrl: string;
  /**
   * Starts nothing new, gives running attempts the drain timeout, ends the rest as Interrupted,
   * writes journal and status, and resolves when nothing is left. A second call waits for the first.
   * Never rejects: what fails at the end holds up nothing of the rest.
   */
  stop(): Promise<void>;
}

const interrupted = 'the daemon was ended while the attempt ran';

/** Milliseconds for the last words to the API server when the daemon ends. */
const farewellMs = 8000;

/** Milliseconds of these for events, which nobody misses. */
const lastEventsMs = 1000;

/** Milliseconds without a turn after which the list-watcher is stuck; a watch lasts ten minutes. */
const stuckMs = 20 * 60_000;

/**
 * Starts the daemon. Resolves when it listens, before the first resource is looked at; throws an
 * error for people when it cannot be set up. What the node lacks is waited for: /readyz tells.
 */
export async function startController(
  config: ControllerConfig,
  parts: ControllerParts = {},
): Promise<RunningController> {
  assertApart(config);
  // Sandboxes pass through the state directory to their bundles; the journal is closed to them.
  await mkdir(config.stateDir, { recursive: true, mode: 0o711 });
  const lock = await lockStateDir(config.stateDir, (parts.clock ?? systemClock).now());
  try {
    return await startLocked(config, parts, lock);
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** `lock` is given back when the daemon has ended. */
async function startLocked(
  config: ControllerConfig,
  parts: ControllerParts,
  lock: AsyncDisposable,
): Promise<RunningController> {
  const { clock = systemClock, log = createLogger(config.logLevel, config.nodeName) } = parts;
  const metrics = new Metrics();
  const transport = parts.transport ?? createTransport(() => loadKubeConfig(config.kubeconfig));
  const client = new KubeClient(metrics.counted(transport));
  const engine = parts.engine ?? defaultEngine(config, log);
  const steady = parts.steady ?? parts.clock ?? steadyClock;
  const everyMs = parts.nodeCheckMs;
  const node = new NodeWatch({ engine, clock: steady, log, ...(everyMs && { everyMs }) });
  const journal = await openJournal(config, clock, log, metrics);
  const stopping = new AbortController();
  const requests = new AbortController();
  const { workers, listWatch, status, events, runs, recovery } = assemble({
    ...{ config, client, journal, engine, metrics, clock, steady, log, node },
    ...(parts.backoff === undefined ? {} : { backoff: parts.backoff }),
    ...(parts.watch === undefined ? {} : { watch: parts.watch }),
    stopping: stopping.signal,
    requests: requests.signal,
  });

  let ailment: string | undefined;
  const checks = {
    ailment: () => ailment ?? stuckFor(listWatch.lastTurn, steady.now()),
    obstacle: () => {
      if (stopping.signal.aborted) return 'the daemon is about to end';
      const now = steady.now();
      return node.lack?.message ?? unheard(listWatch, now) ?? unsaid(status, now);
    },
  };
  const health = await startHealthServer(config.metricsAddress, checks, metrics.registry);
  log.info({ healthUrl: health.url, maxConcurrent: config.maxConcurrent }, 'the daemon started');

  const watching = async (): Promise<void> => {
    await node.ready(async () => await recoverAll(recovery), stopping.signal);
    await node.run(stopping.signal).catch(() => undefined);
  };
  const listening = async (): Promise<void> => {
    // A node that lacks something is no reason not to say so; no attempt starts before it is ready.
    await node.looked(stopping.signal);
    await listWatch.run(requests.signal);
  };
  const fatal = (what: string) => (err: unknown) => {
    if (stopping.signal.aborted) return;
    ailment = `the daemon has stopped ${what}`;
    log.fatal({ err }, ailment);
  };
  const going = Promise.all([
    watching().catch(fatal('looking after its node')),
    listening().catch(fatal('listening to the API server')),
  ]);

  const end = async (): Promise<void> => {
    log.info('the daemon is about to end');
    stopping.abort();
    const idle = workers.stop();
    const upTo = async (ms: number, awaited: Promise<void>): Promise<void> => {
      await Promise.race([awaited, clock.sleep(ms, requests.signal).catch(() => undefined)]);
    };
    const { drainTimeoutMs } = config;
    let farewell: NodeJS.Timeout | undefined;
    const steps: (() => unknown)[] = [
      async () => drainTimeoutMs > 0 && (await upTo(drainTimeoutMs, idle)),
      () => runs.abortAll(new ContentError('Interrupted', interrupted)),
      () => (farewell = setTimeout(() => requests.abort(), farewellMs)),
      async () => await idle,
      async () => await upTo(lastEventsMs, events.settled()),
      () => clearTimeout(farewell),
      () => requests.abort(),
      async () => await going,
      async () => await health.close(),
      async () => await lock[Symbol.asyncDispose](),
    ];
    await tryEach(steps, async (step) => void (await step()));
  };
  let ending: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    ending ??= end().then(
      () => log.info('the daemon ended'),
      (err: unknown) => log.error({ err }, 'the daemon ended, but not all of its end worked'),
    );
    await ending;
  };
  return { healthUrl: health.url, stop };
}

/** A restart helps when the list-watcher hangs, and only then. */
function stuckFor(lastTurn: number | undefined, now: number): string | undefined {
  const idle = now - (lastTurn ?? now);
  return idle > stuckMs ? `the list-watcher has been stuck for ${idle} ms` : undefined;
}

/** The daemon's own state may not lie where resources may put content, nor the other way round. */
function assertApart({ dataRoot, stateDir }: ControllerConfig): void {
  if (overlaps(resolve(dataRoot), resolve(stateDir))) {
    throw new Error(`the data root ${dataRoot} and the state directory ${stateDir} overlap`);
  }
}

function defaultEngine(config: ControllerConfig, log: Logger): Engine {
  const { dataRoot, stateDir, storage, sandbox } = config;
  const environment = createRunEnvironment({
    stateDir: resolve(stateDir),
    log,
    ...(sandbox === undefined ? {} : { sandbox }),
  });
  return createNodeEngine(resolve(dataRoot), environment, storage);
}

async function openJournal(
  { stateDir }: ControllerConfig,
  clock: Clock,
  log: Logger,
  metrics: Metrics,
): Promise<Journal> {
  const journal = await Journal.open(join(stateDir, 'journal'), clock.now());
  for (const found of journal.setAside) {
    log.error(found, 'a journal entry is unreadable; its content will not be touched');
  }
  metrics.journalSetAside(journal.setAside.length);
  return journal;
}
