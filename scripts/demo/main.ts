/**
 * `make demo`: the samples of deploy/ against a real API server of its own, with the real daemon. Ends
 * with Ctrl-C, or by itself with DEMO_ONCE=1. Everything it starts ends with it.
 */
import { once } from 'node:events';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { startCluster, startNode } from './cluster.ts';
import { findSurprises, followSamples } from './follow.ts';
import { startLocalHosts } from './local-hosts.ts';
import { describeContent, describeFailures, describeNextSteps } from './report.ts';
import { applySample, samples } from './samples.ts';
import { Screen } from './screen.ts';
import { rowOf } from './table.ts';

const nodeName = 'demo';
const settleTimeoutMs = 120_000;

/** Returns whether all came out as expected. Throws the signal's reason when it is interrupted. */
async function demonstrate(screen: Screen, signal: AbortSignal, stay: boolean): Promise<boolean> {
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => screen.say('All is stopped and removed.'));

  screen.say('Starting etcd and kube-apiserver, and servers for git, files and object storage');
  const [started, hosted] = await Promise.allSettled([startCluster(), startLocalHosts()]);
  // Each that has started is stopped, whatever became of the other.
  if (hosted.status === 'fulfilled') cleanup.defer(async () => await hosted.value.stop());
  if (started.status === 'fulfilled') cleanup.defer(async () => await started.value.stop());
  if (hosted.status === 'rejected') throw hosted.reason;
  if (started.status === 'rejected') throw started.reason;
  const [controlPlane, hosts] = [started.value, hosted.value];
  signal.throwIfAborted();

  screen.say(`Kubernetes ${controlPlane.version} has the CRD and the RBAC rules of deploy/`);
  screen.say(`Starting wscontent controller for the node ${nodeName}, as its service account`);
  const node = await startNode(controlPlane, nodeName, ['--storage-config', hosts.storageConfig]);
  cleanup.defer(async () => {
    screen.say('Stopping the controller and the servers');
    const exitCode = await node.stop();
    if (exitCode !== 0) screen.print(`wscontent controller ended with ${exitCode}`);
  });
  signal.throwIfAborted();

  screen.say('Applying deploy/samples');
  screen.print(
    `         github.com, git.kernel.org and raw.githubusercontent.com are servers on this machine; git serves ${hosts.served}.`,
    '         The snapshots and the backup lie in an S3 server (versitygw) on this machine.',
    '',
  );
  for (const { name } of samples) await applySample(controlPlane.client, name, hosts.rewrites);
  try {
    const contents = await followSamples(controlPlane.client, samples, {
      show: (list) => screen.show(list.map((content) => rowOf(content, Date.now()))),
      alive: () => node.program.running,
      signal,
      timeoutMs: settleTimeoutMs,
    });
    signal.throwIfAborted();
    const surprises = findSurprises(samples, contents);
    screen.print(
      ...(await describeContent(contents)),
      ...describeFailures(contents),
      ...(stay ? describeNextSteps(controlPlane.kubeconfig, node, await isOnPath('kubectl')) : []),
      '',
    );
    screen.say(surprises.length === 0 ? 'All came out as expected.' : 'Not as expected:');
    if (surprises.length > 0) screen.print(...surprises);
    if (stay) {
      screen.say('Ctrl-C ends the demo and removes all of it.');
      if (!signal.aborted) await once(signal, 'abort');
    }
    return surprises.length === 0;
  } catch (error) {
    if (!signal.aborted)
      screen.print(`The controller's log ends with:`, await node.program.logTail());
    throw error;
  }
}

async function isOnPath(program: string): Promise<boolean> {
  const candidates = (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, program));
  const found = await Promise.allSettled(candidates.map((path) => access(path, constants.X_OK)));
  return found.some(({ status }) => status === 'fulfilled');
}

async function main(): Promise<number> {
  const screen = new Screen(process.stdout);
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      screen.say(interruption.signal.aborted ? 'Still cleaning up' : 'Ending the demo');
      interruption.abort(new Error(`interrupted by ${signal}`));
    });
  }
  // A terminal that is gone must not keep the rest from being cleaned up.
  process.stdout.on('error', () => undefined);
  if (process.getuid?.() !== 0) {
    screen.print('The demo starts sandboxes by runc, which takes root: sudo make demo');
    return 1;
  }
  const stay = process.env['DEMO_ONCE'] !== '1';
  // Waiting for a signal is nothing that keeps Node alive.
  const alive = setInterval(() => undefined, 60_000);
  try {
    return (await demonstrate(screen, interruption.signal, stay)) ? 0 : 1;
  } catch (error) {
    if (interruption.signal.aborted) return 130;
    screen.print(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    clearInterval(alive);
  }
}

process.exitCode = await main();
