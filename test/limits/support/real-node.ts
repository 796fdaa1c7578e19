import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { pino } from 'pino';
import type { KubeTransport } from '../../../src/controller/kube-transport.ts';
import { startController } from '../../../src/controller/main.ts';
import { createNodeEngine } from '../../../src/controller/node-engine.ts';
import { createRunEnvironment } from '../../../src/init/environment.ts';

const childDir = fileURLToPath(new URL('../../../dist/child', import.meta.url));

export interface RealNode extends AsyncDisposable {
  readonly nodeName: string;
  /** Content of the namespace default. */
  data(...parts: string[]): string;
  /** A link to the machine's, which the node runs. */
  readonly runc: string;
  /** What the daemon logged, a line each. */
  readonly lines: readonly string[];
  /** Such as `503 runc is missing`. */
  ask(path: '/readyz' | '/healthz'): Promise<string>;
  stop(): Promise<void>;
}

/** A daemon in this process with real sandboxes, below a folder; it looks at its node often and retries fast. */
export async function startRealNode(
  folder: string,
  kubeconfig: string,
  { transport }: { readonly transport?: KubeTransport } = {},
): Promise<RealNode> {
  const nodeName = `node-${crypto.randomUUID().slice(0, 8)}`;
  const [dataRoot, stateDir] = [join(folder, 'data'), join(folder, 'state')];
  const runc = join(folder, 'bin/runc');
  await mkdir(join(folder, 'bin'));
  await linkRunc(runc);
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const environment = createRunEnvironment({ stateDir, runcBinary: runc, childDir, log });
  const controller = await startController(
    {
      ...{ nodeName, kubeconfig, dataRoot, stateDir, logLevel: 'info' },
      ...{ maxConcurrent: 2, metricsAddress: '127.0.0.1:0', drainTimeoutMs: 0 },
    },
    {
      ...{ engine: createNodeEngine(dataRoot, environment), log, nodeCheckMs: 100 },
      ...(transport && { transport }),
      backoff: { attempt: { baseMs: 50, capMs: 200 }, prerequisite: { baseMs: 50, capMs: 200 } },
    },
  );
  const stop = async (): Promise<void> => await controller.stop();
  return {
    ...{ nodeName, runc, lines, stop },
    data: (...parts) => join(dataRoot, 'default', ...parts),
    async ask(path) {
      const answer = await fetch(`${controller.healthUrl}${path}`);
      return `${answer.status} ${(await answer.text()).trim()}`;
    },
    [Symbol.asyncDispose]: stop,
  };
}

export async function linkRunc(at: string): Promise<void> {
  const { stdout } = await execa('sh', ['-c', 'command -v runc']);
  await symlink(stdout, at);
}
