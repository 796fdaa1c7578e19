/** Whether this node and this installation can run anything at all. */
import { constants } from 'node:fs';
import { access, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { closedDirectory } from './bundle.ts';
import { makeRoomForLimits } from './cgroup-room.ts';
import type { RunEnvironment } from './environment.ts';
import { findNetworkProblems } from './network/problems.ts';
import { runcVersion } from './runc.ts';

/** The first release that binds what only the node's root can reach into a user namespace. */
const oldestRunc = [1, 1] as const;

/** What is wrong, a sentence each with its remedy; empty when runs can start. */
export async function findProblems(environment: RunEnvironment): Promise<string[]> {
  const answers = await Promise.all([
    checkRunc(environment),
    checkFile(environment.nodeBinary, constants.X_OK, 'Node for the sandbox'),
    checkFile(
      join(environment.childDir, 'child.mjs'),
      constants.R_OK,
      "the sandbox's program (make build makes it)",
    ),
    checkStateDir(environment.stateDir),
    checkUserNamespaces(),
    makeRoomForLimits(environment.sandbox.limits),
  ]);
  const network = await findNetworkProblems(environment);
  return [checkUser(), ...answers, ...network].filter((answer) => answer !== undefined);
}

function checkUser(): string | undefined {
  if (process.geteuid?.() === 0) return undefined;
  return 'workspace-content needs to run as root, since it makes containers and gives directories away';
}

async function checkRunc(environment: RunEnvironment): Promise<string | undefined> {
  const { runcBinary } = environment;
  const wanted = `install runc ${oldestRunc.join('.')} or newer`;
  const found = await runcVersion(environment);
  if (found === undefined) return `${runcBinary} cannot be run: ${wanted}`;
  if (!isNewEnough(found.version)) return `${runcBinary} has version ${found.version}: ${wanted}`;
  if (found.seccomp) return undefined;
  return `${runcBinary} was built without libseccomp, which sandboxes need: install one with it, such as the distribution's own`;
}

/** Such as 1.1.5+ds1 or 1.2.0-rc.1. */
function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const [wantedMajor, wantedMinor] = oldestRunc;
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

async function checkFile(path: string, mode: number, what: string): Promise<string | undefined> {
  return await access(path, mode).then(
    () => undefined,
    () => `${path} is missing or cannot be used: it is ${what}`,
  );
}

async function checkStateDir(stateDir: string): Promise<string | undefined> {
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o711 });
    await access(stateDir, constants.W_OK);
  } catch (error) {
    return `the state directory ${stateDir} cannot be written: ${String(error)}`;
  }
  const closed = await closedDirectory(join(stateDir, '..'));
  if (closed === undefined) return undefined;
  return `the sandbox has to pass through ${closed} to the state directory, but it is closed to others: chmod o+x it, or use another state directory`;
}

async function checkUserNamespaces(): Promise<string | undefined> {
  const max = await readFile('/proc/sys/user/max_user_namespaces', 'utf8').catch(() => '0');
  if (Number(max) > 0) return undefined;
  return 'this kernel allows no user namespaces: set the sysctl user.max_user_namespaces above 0';
}
