/** Whether this node and this installation can run anything at all. */
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { ErrorReason } from '../api/errors.ts';
import { reasonOfErrno } from '../api/os-errors.ts';
import { closedDirectory } from './bundle.ts';
import { makeRoomForLimits } from './cgroup-room.ts';
import type { RunEnvironment } from './environment.ts';
import { describeLittleRoom, roomOfRun } from './free-space.ts';
import { findNetworkProblems } from './network/problems.ts';
import { runcVersion } from './runc.ts';
import { tryToWrite } from './try-to-write.ts';

/** The first release that binds what only the node's root can reach into a user namespace. */
const oldestRunc = [1, 1] as const;

/** Of what a runc says that does not work. */
const longestWords = 300;

/** What removing takes, with Debian's packages. Without it attempts start that cannot be cleaned up after. */
const removalPrograms = [
  { name: 'find', use: 'what content consists of is removed', from: 'findutils' },
  { name: 'umount', use: 'what is left mounted for a sandbox is unmounted', from: 'mount' },
] as const;

export interface NodeProblem {
  readonly reason: ErrorReason;
  /** A sentence with its remedy. */
  readonly message: string;
}

/**
 * What is wrong; empty when runs can start. The data root is looked at when it is given. What does not
 * answer before the signal is aborted counts as wrong.
 */
export async function findProblems(
  environment: RunEnvironment,
  dataRoot?: string,
  signal?: AbortSignal,
): Promise<NodeProblem[]> {
  const answers = await Promise.all([
    checkRunc(environment, signal),
    checkFile(environment.nodeBinary, constants.X_OK, 'Node for the sandbox'),
    checkFile(
      join(environment.childDir, 'child.mjs'),
      constants.R_OK,
      "the sandbox's program (make build makes it)",
    ),
    ...removalPrograms.map(async (program) => await checkProgram(environment, program)),
    checkStateDir(environment.stateDir),
    dataRoot === undefined ? undefined : checkDataRoot(dataRoot),
    checkUserNamespaces(),
    makeRoomForLimits(environment.sandbox.limits).then(asProblem, (error: NodeJS.ErrnoException) =>
      isOutOfFiles(error) ? tooManyFiles('look at the cgroups') : failed(String(error)),
    ),
  ]);
  const network = (await findNetworkProblems(environment, signal)).map(asProblem);
  return [checkUser(), ...answers, ...network].filter((answer) => answer !== undefined);
}

function asProblem(message: string | undefined): NodeProblem | undefined {
  return message === undefined ? undefined : failed(message);
}

function checkUser(): NodeProblem | undefined {
  if (process.geteuid?.() === 0) return undefined;
  return failed(
    'workspace-content needs to run as root, since it makes containers and gives directories away',
  );
}

async function checkRunc(
  environment: RunEnvironment,
  signal: AbortSignal | undefined,
): Promise<NodeProblem | undefined> {
  const { runcBinary } = environment;
  const { version, seccomp, words, errno } = await runcVersion(environment, signal);
  if (errno === 'EMFILE' || errno === 'ENFILE') return tooManyFiles(`start ${runcBinary}`);
  const wanted = `install runc ${oldestRunc.join('.')} or newer`;
  const reason = 'RuncUnavailable';
  if (version === undefined) {
    const said = words.replaceAll(/\s+/g, ' ').trim().slice(0, longestWords);
    return { reason, message: `${runcBinary} cannot be run (${said}): ${wanted}` };
  }
  if (!isNewEnough(version)) {
    return { reason, message: `${runcBinary} has version ${version}: ${wanted}` };
  }
  if (seccomp) return undefined;
  const message = `${runcBinary} was built without libseccomp, which sandboxes need: install one with it, such as the distribution's own`;
  return { reason, message };
}

/** Such as 1.1.5+ds1 or 1.2.0-rc.1. */
function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const [wantedMajor, wantedMinor] = oldestRunc;
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

async function checkFile(
  path: string,
  mode: number,
  what: string,
): Promise<NodeProblem | undefined> {
  return await access(path, mode).then(
    () => undefined,
    () => failed(`${path} is missing or cannot be used: it is ${what}`),
  );
}

async function checkProgram(
  { variables }: Pick<RunEnvironment, 'variables'>,
  { name, use, from }: (typeof removalPrograms)[number],
): Promise<NodeProblem | undefined> {
  for (const directory of (variables['PATH'] ?? '/usr/bin:/bin').split(delimiter)) {
    const isThere = await access(join(directory, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return undefined;
  }
  return failed(
    `${name} is not on the PATH of the daemon: by it ${use}; install it (Debian's package ${from})`,
  );
}

async function checkStateDir(stateDir: string): Promise<NodeProblem | undefined> {
  const error = await tryToWrite(stateDir, 0o711, roomOfRun.bytes);
  if (isOutOfFiles(error)) return tooManyFiles(`write in ${stateDir}`);
  const reason = 'StateUnwritable';
  if (error !== undefined) {
    const message = `the state directory ${stateDir} cannot be written: ${error.message}`;
    return { reason, message };
  }
  const littleRoom = await describeLittleRoom(stateDir);
  if (littleRoom !== undefined) return { reason, message: littleRoom };
  const closed = await closedDirectory(join(stateDir, '..'));
  if (closed === undefined) return undefined;
  return failed(
    `the sandbox has to pass through ${closed} to the state directory, but it is closed to others: chmod o+x it, or use another state directory`,
  );
}

async function checkDataRoot(dataRoot: string): Promise<NodeProblem | undefined> {
  const error = await tryToWrite(dataRoot, 0o755);
  if (error === undefined) return undefined;
  if (isOutOfFiles(error)) return tooManyFiles(`write in ${dataRoot}`);
  const reason = reasonOfErrno(error.code ?? '') ?? 'DestinationFailed';
  return { reason, message: `the data root ${dataRoot} cannot be written: ${error.message}` };
}

async function checkUserNamespaces(): Promise<NodeProblem | undefined> {
  const max = await readFile('/proc/sys/user/max_user_namespaces', 'utf8').catch(() => '0');
  if (Number(max) > 0) return undefined;
  return failed(
    'this kernel allows no user namespaces: set the sysctl user.max_user_namespaces above 0',
  );
}

function failed(message: string): NodeProblem {
  return { reason: 'SandboxFailed', message };
}

function tooManyFiles(what: string): NodeProblem {
  const message = `the daemon has too many open files to ${what}: raise its limit (ulimit -n)`;
  return { reason: 'TooManyOpenFiles', message };
}

function isOutOfFiles(error: NodeJS.ErrnoException | undefined): boolean {
  return error?.code === 'EMFILE' || error?.code === 'ENFILE';
}
