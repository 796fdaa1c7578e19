import { pino } from 'pino';
import { ContentError } from '../../../src/api/errors.ts';
import { assemble } from '../../../src/controller/assembly.ts';
import { Journal } from '../../../src/controller/journal.ts';
import { Metrics } from '../../../src/controller/metrics.ts';
import { NodeWatch } from '../../../src/controller/node-watch.ts';
import { recoverAll } from '../../../src/controller/recovery.ts';
import type { Faults } from './faults.ts';
import type { Invariants } from './invariants.ts';
import type { Life, Scheduler } from './scheduler.ts';
import type { SimulatedApi } from './simulated-api.ts';
import { SimulatedClient } from './simulated-client.ts';
import { folderOf } from './simulated-disk.ts';
import { SimulatedEngine } from './simulated-engine.ts';
import type { SimulatedNode } from './simulated-node.ts';

export const nodeName = 'node-a';

/** One registry serves all lives: nobody scrapes it. */
class SilentMetrics extends Metrics {
  override read(): void {}
}

const metrics = new SilentMetrics();
const log = pino({ level: 'silent' });

export interface DaemonParts {
  readonly api: SimulatedApi;
  readonly node: SimulatedNode;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly invariants: Invariants;
  readonly maxConcurrent: number;
}

/** The daemon as main.ts puts it together, without its HTTP server. */
export class Daemon {
  readonly #parts: DaemonParts;
  readonly life: Life;
  readonly #stopping = new AbortController();
  readonly #requests = new AbortController();
  #stop: () => Promise<void> = async () => await Promise.resolve();
  failure: unknown;
  ended = false;

  constructor(parts: DaemonParts, life: Life) {
    this.#parts = parts;
    this.life = life;
    this.#run().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.failure = error;
    });
  }

  async #run(): Promise<void> {
    const { api, node, scheduler, faults, invariants, maxConcurrent } = this.#parts;
    const clock = scheduler.clockOf(this.life);
    const journal = await this.#openJournal();
    const engine = new SimulatedEngine({ node, scheduler, faults, invariants, life: this.life });
    const watch = new NodeWatch({ engine, clock, log });
    const { workers, listWatch, runs, recovery } = assemble({
      ...{ journal, metrics, clock, steady: clock, log, engine, node: watch },
      config: { nodeName, maxConcurrent },
      client: new SimulatedClient(api, scheduler, faults, this.life),
      stopping: this.#stopping.signal,
      requests: this.#requests.signal,
    });
    this.#stop = async () => {
      const idle = workers.stop();
      runs.abortAll(new ContentError('Interrupted', 'the daemon was ended'));
      await idle;
    };
    await watch.ready(async () => await recoverAll(recovery), this.#stopping.signal);
    await listWatch.run(this.#requests.signal);
  }

  /** Kubernetes starts a daemon that cannot start again and again. */
  async #openJournal(): Promise<Journal> {
    const clock = this.#parts.scheduler.clockOf(this.life);
    for (;;) {
      try {
        return await Journal.open(folderOf(this.life), clock.now());
      } catch {
        await clock.sleep(1000, this.#stopping.signal);
      }
    }
  }

  /** As SIGTERM does. */
  stop(): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    void this.#end();
  }

  async #end(): Promise<void> {
    await this.#stop();
    this.#requests.abort();
    this.ended = true;
  }
}
