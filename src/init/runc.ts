/** runc's command line. */
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { containerPaths, type RunEnvironment } from './environment.ts';
import { type ProgramAnswer, type ProgramLimits, runProgram } from './program.ts';
import { assertSpawnRoom } from './spawn-room.ts';

/** The container's standard streams, and its file descriptors 3, 4 and 5. */
const stdio = ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'] as const;

const killTimeoutMs = 1000;
/** runc itself gives a container ten seconds to die. */
const deleteTimeoutMs = 15_000;
/** It takes 20 ms, but a node may be overloaded and yet work. */
const versionTimeoutMs = 20_000;

/** How a program ended: by an exit code, by a signal, or it could not be started at all. */
export type Ending =
  | { readonly exitCode: number }
  | { readonly signal: string }
  | { readonly startError: string; readonly errno?: string };

export interface RuncProcess {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The container's file descriptors 3, 4 and 5. */
  readonly extra: readonly [Readable, Readable, Readable];
  /** Settles when runc itself has ended, whoever still holds its pipes. */
  readonly exited: Promise<Ending>;
  /** Ends runc itself, not the container. */
  kill(): void;
}

/**
 * Starts `runc run` of a bundle that is there. The input goes to the container's standard input. When
 * it has ended, runc's state and the cgroups stay, since they tell which limits were reached. Throws
 * EMFILE or ENFILE.
 */
export function startContainer(
  environment: RunEnvironment,
  id: string,
  input: string,
): RuncProcess {
  const { bundle, runcLog } = containerPaths(environment, id);
  assertSpawnRoom(stdio.length);
  const subprocess = execa(
    environment.runcBinary,
    [
      ...globalArgs(environment),
      ...['--log', runcLog, '--log-format', 'json'],
      ...['run', '--keep', '--preserve-fds', '3', '--bundle', bundle, id],
    ],
    {
      reject: false,
      extendEnv: false,
      env: runcVariables(environment),
      input,
      stdio,
      buffer: false,
      // A Ctrl-C at the terminal is for the daemon, which ends the container by itself.
      detached: true,
      cleanup: false,
    },
  );
  const [, stdout, stderr, error, metrics, progress] = subprocess.stdio;
  return {
    stdout,
    stderr,
    extra: [error, metrics, progress],
    exited: Promise.race([
      new Promise<Ending>((resolve) => {
        subprocess.nodeChildProcess.once('exit', (code, signal) => resolve(toEnding(code, signal)));
      }),
      // What cannot even be started never exits.
      subprocess.then(({ exitCode, signal, originalMessage, code }) =>
        exitCode === undefined && signal === undefined
          ? {
              startError: originalMessage ?? 'unknown',
              ...(code === undefined ? {} : { errno: code }),
            }
          : toEnding(exitCode, signal),
      ),
    ]),
    kill: () => subprocess.kill('SIGKILL'),
  };
}

/** Sends SIGKILL to the container's first process, and with it to all of its processes. The signal ends runc. */
export async function killContainer(
  environment: RunEnvironment,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  await runc(environment, { timeoutMs: killTimeoutMs, signal }, 'kill', id, 'KILL');
}

/**
 * Kills the container, if it runs, and removes its cgroups and runc's state of it. A container that is
 * not there is no error. Returns runc's words, of failures too that it does not count as such.
 */
export async function deleteContainer(
  environment: RunEnvironment,
  id: string,
  { timeoutMs = deleteTimeoutMs, signal }: Partial<ProgramLimits> = {},
): Promise<string | undefined> {
  const answer = await runc(environment, { timeoutMs, signal }, 'delete', '--force', id);
  const { exitCode, stderr, originalMessage } = answer;
  const words = stderr || originalMessage;
  return words || (exitCode === 0 ? undefined : 'runc delete failed');
}

export interface RuncAnswer {
  /** Such as 1.1.5; undefined when runc did not say. */
  readonly version?: string;
  /** Whether it was built with libseccomp; else it refuses a specification with a profile. */
  readonly seccomp: boolean;
  /** What it said, or did, instead. */
  readonly words: string;
  /** Of a start that failed, such as ENOENT. */
  readonly errno?: string;
}

/** Asks runc for its version. The signal ends runc early. */
export async function runcVersion(
  environment: RunEnvironment,
  signal?: AbortSignal,
): Promise<RuncAnswer> {
  const answer = await runc(environment, { timeoutMs: versionTimeoutMs, signal }, '--version');
  const { stdout, stderr, originalMessage, code, exitCode, timedOut } = answer;
  const version = exitCode === 0 ? /^runc version (\S+)/m.exec(stdout)?.[1] : undefined;
  const late = timedOut ? `it gave no answer within ${versionTimeoutMs / 1000} s` : undefined;
  const ended = exitCode === undefined ? 'it was ended' : `it ended with exit code ${exitCode}`;
  return {
    words: late ?? (stderr || stdout || originalMessage || ended),
    seccomp: /^libseccomp: \S/m.test(stdout),
    ...(version === undefined ? {} : { version }),
    ...(code === undefined ? {} : { errno: code }),
  };
}

async function runc(
  environment: RunEnvironment,
  limits: ProgramLimits,
  ...args: string[]
): Promise<ProgramAnswer> {
  const env = runcVariables(environment);
  return await runProgram(environment.runcBinary, [...globalArgs(environment), ...args], {
    ...limits,
    env,
  });
}

function globalArgs({ stateDir }: RunEnvironment): string[] {
  return ['--root', join(stateDir, 'runc')];
}

/** runc gets nothing of the daemon's environment but the way to its programs. */
function runcVariables({ variables }: RunEnvironment): Record<string, string> {
  return { PATH: variables['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin' };
}

function toEnding(code: number | null | undefined, signal: string | null | undefined): Ending {
  return signal ? { signal } : { exitCode: code ?? 1 };
}
