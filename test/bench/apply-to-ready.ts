import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { startCluster, startNode } from '../../scripts/demo/cluster.ts';
import type { KubeClient, KubeObject } from '../control-plane/client.ts';
import { waitFor } from '../support/wait.ts';
import { median, percentile } from './measure.ts';
import { ms, type Row } from './report.ts';

const base = '/apis/workspacecontent.dev/v1alpha1/namespaces/default/workspacecontents';
const resources = 50;
const node = 'bench';
/** An idle daemon has collected its garbage by then. */
const settleMs = 15_000;

/** From apply to Ready through the real API server, and what the idle daemon takes of memory. */
export async function applyToReady(): Promise<Row[]> {
  await using cleanUp = new AsyncDisposableStack();
  const controlPlane = await startCluster();
  cleanUp.defer(async () => controlPlane.stop());
  const daemon = await startNode(controlPlane, node);
  cleanUp.defer(async () => {
    await daemon.stop();
  });

  await delay(settleMs);
  const fresh = await residentBytes(daemon.program.pid);
  const taken: number[] = [];
  for (let index = -1; index < resources; index += 1) {
    const took = await timeOne(controlPlane.client, node, `empty-${index + 1}`);
    // The first one compiles code on both sides.
    if (index >= 0) taken.push(took);
  }
  await delay(settleMs);
  const used = await residentBytes(daemon.program.pid);

  const [p50, p95] = [median(taken), percentile(taken, 0.95)];
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
  return [
    {
      what: `apply to Ready of an empty resource, ${resources} one after the other`,
      figures: `p50 ${ms(p50)}, p95 ${ms(p95)}`,
      result: ms(p50),
      target: '250 ms (p50)',
      met: p50 <= 250,
    },
    {
      what: 'resident memory of the idle controller',
      figures: `${megabytes(fresh)} at first, ${megabytes(used)} after ${resources + 1} resources`,
      result: megabytes(Math.max(fresh, used)),
      target: '95 MB',
      met: Math.max(fresh, used) <= 95e6,
    },
  ];
}

/** Milliseconds from applying an empty resource until a read shows that it is Ready. */
export async function timeOne(client: KubeClient, nodeName: string, name: string): Promise<number> {
  const started = performance.now();
  await client.apply(`${base}/${name}`, {
    apiVersion: 'workspacecontent.dev/v1alpha1',
    kind: 'WorkspaceContent',
    metadata: { name },
    spec: { nodeName, initializer: { empty: {} } },
  });
  await waitFor(
    `${name} to be Ready`,
    async () => phaseOf(await client.get(`${base}/${name}`)) === 'Ready',
    { timeoutMs: 30_000, intervalMs: 5 },
  );
  return performance.now() - started;
}

function phaseOf(object: KubeObject): string | undefined {
  return (object['status'] as { phase?: string } | undefined)?.phase;
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(status)?.[1]) * 1024;
}
