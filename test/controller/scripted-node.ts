import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import type {
  AttemptOptions,
  AttemptRequest,
  AttemptResult,
  Engine,
} from '../../src/controller/engine.ts';
import type { BackoffPolicy } from '../../src/controller/backoff.ts';
import type { KubeTransport } from '../../src/controller/kube-transport.ts';
import type { WatchTuning } from '../../src/controller/list-watch.ts';
import { type Clock, steadyClock } from '../../src/controller/clock.ts';
import { startController } from '../../src/controller/main.ts';
import { createNodeEngine } from '../../src/controller/node-engine.ts';
import { createRunEnvironment } from '../../src/init/environment.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';

/** What an attempt does in place of a sandbox. */
export type Script = (request: AttemptRequest, options: AttemptOptions) => Promise<AttemptResult>;

export const quickResult: AttemptResult = {
  report: { source: 'from-other', metrics: [], warnings: [] },
  duration: 1.2e9,
};

export const writes: Script = async ({ destination }) => {
  await writeFile(join(destination, 'content'), 'made by a run');
  return quickResult;
};

/** Goes on until it is ended. */
export const hangs: Script = async ({ destination }, { signal }) => {
  await writeFile(join(destination, 'half'), 'not finished');
  return await new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
  });
};

/** A folder for data/ and state/ that sandboxes can pass through. */
export async function createNodeFolder(): Promise<TempDir> {
  const folder = await createTempDir('wsc-node-');
  await chmod(folder.path, 0o755);
  return folder;
}

export interface NodeOptions {
  readonly kubeconfig: string;
  readonly script: Script;
  /** By default a name of its own. */
  readonly nodeName?: string;
  /** Holds data/ and state/; by default one of its own, which goes with the node. */
  readonly folder?: string;
  readonly maxConcurrent?: number;
  readonly drainTimeoutMs?: number;
  readonly watch?: WatchTuning;
  /** Between requests that fail. */
  readonly apiBackoff?: BackoffPolicy;
  /** Throws what the node lacks. */
  readonly check?: () => Promise<void>;
  /** The node's clock, which may be set while the daemon runs. */
  readonly clock?: Clock;
  /** The clock that nobody sets. */
  readonly steady?: Clock;
  /** The way to the API server in place of the kubeconfig's. */
  readonly transport?: KubeTransport;
  /** Milliseconds between attempts, half of it left to chance; 50 and more by default. */
  readonly attemptPauseMs?: number;
  /** Milliseconds between looks at what stands in the way of an attempt, at first; 50 by default. */
  readonly prerequisitePauseMs?: number;
}

export interface ScriptedNode extends AsyncDisposable {
  readonly nodeName: string;
  readonly folder: string;
  readonly healthUrl: string;
  /** What the daemon logged, a line each. */
  readonly lines: readonly string[];
  /** A path below the data of the namespace default. */
  data(...parts: string[]): string;
  stop(): Promise<void>;
}

/** A daemon in this process, with real directories but a script for its attempts; it retries fast. */
export async function startScriptedNode(options: NodeOptions): Promise<ScriptedNode> {
  const temp = options.folder === undefined ? await createNodeFolder() : undefined;
  const folder = options.folder ?? String(temp?.path);
  const nodeName = options.nodeName ?? `node-${crypto.randomUUID().slice(0, 8)}`;
  const lines: string[] = [];
  const baseMs = options.attemptPauseMs ?? 50;
  const prerequisiteMs = options.prerequisitePauseMs ?? 50;
  const config = {
    ...{ nodeName, kubeconfig: options.kubeconfig, logLevel: 'debug' },
    dataRoot: join(folder, 'data'),
    stateDir: join(folder, 'state'),
    maxConcurrent: options.maxConcurrent ?? 4,
    metricsAddress: '127.0.0.1:0',
    drainTimeoutMs: options.drainTimeoutMs ?? 0,
  };
  const controller = await startController(config, {
    engine: scriptedEngine(folder, options),
    ...(options.clock && { clock: options.clock, steady: steadyClock }),
    ...(options.steady && { steady: options.steady }),
    ...(options.transport && { transport: options.transport }),
    log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
    backoff: {
      attempt: { baseMs, capMs: 4 * baseMs },
      prerequisite: { baseMs: prerequisiteMs, capMs: 4 * prerequisiteMs },
      ...(options.apiBackoff === undefined ? {} : { api: options.apiBackoff }),
    },
    watch: options.watch ?? {},
  });
  return {
    ...{ nodeName, folder, lines, healthUrl: controller.healthUrl },
    data: (...parts) => join(folder, 'data/default', ...parts),
    stop: async () => await controller.stop(),
    async [Symbol.asyncDispose]() {
      await controller.stop();
      await temp?.remove();
    },
  };
}

function scriptedEngine(folder: string, { script, check }: NodeOptions): Engine {
  const environment = createRunEnvironment({ stateDir: join(folder, 'state') });
  return {
    ...createNodeEngine(join(folder, 'data'), environment),
    run: script,
    reap: async () => await Promise.resolve([]),
    check: check ?? (async () => await Promise.resolve()),
  };
}
