/** A control plane with everything of deploy/ in it, and the daemon of one node against it. */
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createGuardedFolder, type GuardedFolder } from '../../test/control-plane/folder.ts';
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from '../../test/control-plane/index.ts';
import { applyManifests, installCrds } from '../../test/control-plane/manifests.ts';
import { freePorts } from '../../test/control-plane/ports.ts';
import { waitFor } from '../../test/support/wait.ts';
import { projectRoot } from './project.ts';
import { type Program, startProgram } from './program.ts';

/** The control plane with the CRD, the namespace and the RBAC rules of deploy/. */
export async function startCluster(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const controlPlane = await startControlPlane(options);
  try {
    const { client } = controlPlane;
    for (const file of ['namespace.yaml', 'rbac.yaml']) {
      await applyManifests(client, await readFile(join(projectRoot, 'deploy', file), 'utf8'));
    }
    await installCrds(client, join(projectRoot, 'deploy/crds'));
    return controlPlane;
  } catch (error) {
    await controlPlane.stop();
    throw error;
  }
}

export interface NodeDaemon {
  readonly program: Program;
  readonly folder: string;
  readonly dataRoot: string;
  readonly log: string;
  readonly metricsUrl: string;
  /** Returns the exit code of the daemon. */
  stop(): Promise<number | null>;
}

/** `wscontent controller` with the rights of its service account alone, and with a folder of its own. */
export async function startNode(
  controlPlane: ControlPlane,
  nodeName: string,
  flags: readonly string[] = [],
): Promise<NodeDaemon> {
  const kubeconfig = await createDaemonKubeconfig(controlPlane);
  const folder = await createNodeFolder('wscontent-demo-');
  const [dataRoot, log] = [join(folder.path, 'data'), logOf(folder.path)];
  const [port] = await freePorts(1);
  const metricsAddress = `127.0.0.1:${port}`;
  const place = { folder: folder.path, kubeconfig, nodeName, metricsAddress };
  const program = startDaemon(place, flags);
  const stop = async (): Promise<number | null> => {
    const exitCode = await program.stop();
    await folder.remove();
    return exitCode;
  };
  const metricsUrl = `http://127.0.0.1:${port}`;
  try {
    await untilReady(program, metricsUrl);
    return { program, folder: folder.path, dataRoot, log, metricsUrl, stop };
  } catch (error) {
    const tail = await program.logTail();
    await stop();
    throw new Error(`wscontent controller did not get ready; it said last:\n${tail}`, {
      cause: error,
    });
  }
}

/** Has the rights of the daemon's service account, and no others. */
export async function createDaemonKubeconfig(controlPlane: ControlPlane): Promise<string> {
  return await controlPlane.createServiceAccountKubeconfig(
    'workspace-content',
    'workspace-content',
  );
}

/** For data/, state/ and the log of one node. */
export async function createNodeFolder(prefix: string): Promise<GuardedFolder> {
  const folder = await createGuardedFolder(prefix);
  // People look into it, and the sandbox passes through it as another user.
  await chmod(folder.path, 0o755);
  await mkdir(join(folder.path, 'data'));
  return folder;
}

export interface DaemonPlace {
  /** As `createNodeFolder` makes it. */
  readonly folder: string;
  readonly kubeconfig: string;
  readonly nodeName: string;
  /** host:port; port 0 takes a free one. */
  readonly metricsAddress: string;
}

/** Starts the bundled program, and does not wait for anything. Its state is beside its data unless a flag says so. */
export function startDaemon(
  { folder, kubeconfig, nodeName, metricsAddress }: DaemonPlace,
  flags: readonly string[] = [],
): Program {
  return startProgram(
    join(projectRoot, 'bin/wscontent'),
    [
      'controller',
      ...['--node-name', nodeName],
      ...['--kubeconfig', kubeconfig],
      ...['--data-root', join(folder, 'data')],
      ...(flags.includes('--state-dir') ? [] : ['--state-dir', join(folder, 'state')]),
      ...['--metrics-address', metricsAddress],
      ...flags,
    ],
    { env: withoutProxy(process.env), log: logOf(folder) },
  );
}

function logOf(folder: string): string {
  return join(folder, 'controller.log');
}

/** All that it talks to is on this machine. */
function withoutProxy(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const entries = Object.entries(env).filter(([name]) => !/^(http|https|all)_proxy$/i.test(name));
  return Object.fromEntries(entries);
}

async function untilReady(program: Program, url: string): Promise<void> {
  await waitFor(
    'the daemon to be ready',
    async () => !program.running || (await fetch(`${url}/readyz`)).ok,
    { timeoutMs: 20_000 },
  );
  if (!program.running) throw new Error('it ended');
}
