/** runc's command line. */
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { containerPaths, type RunEnvironment } from './environment.ts';

const killTimeoutMs = 1000;
/** runc itself gives a container ten seconds to die. */
const deleteTimeoutMs = 15_000;
/** Milliseconds after which one that has been killed is not waited for: it hangs in a disk. */
const endMs = 250;
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
 * it has ended, runc's state and the cgroups stay, since they tell which limits were reached.
 */
export function startContainer(
  environment: RunEnvironment,
  id: string,
  input: string,
): RuncProcess {
  const { bundle, runcLog } = containerPaths(environment, id);
  const subprocess = execa(
    environment.runcBinary,
    [
      ...globalArgs(environment),
      ...['--log', runcLog, '--log-format', 'json'],
      ...['run', '--keep', '--preserve-fds', '3', '--bundle', bundle, id],
    ],
    {
      ...execaOptions(environment),
      input,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
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
  await runc(environment, { timeout: killTimeoutMs, cancelSignal: signal }, 'kill', id, 'KILL');
}

export interface DeleteOptions {
  /** Milliseconds; runc is ended then. */
  readonly timeoutMs?: number;
  /** Ends runc early. */
  readonly signal?: AbortSignal;
}

/**
 * Kills the container, if it runs, and removes its cgroups and runc's state of it. A container that is
 * not there is no error. Returns runc's words, of failures too that it does not count as such.
 */
export async function deleteContainer(
  environment: RunEnvironment,
  id: string,
  { timeoutMs = deleteTimeoutMs, signal }: DeleteOptions = {},
): Promise<string | undefined> {
  const limits = { timeout: timeoutMs, ...(signal && { cancelSignal: signal }) };
  const answer = await runc(environment, limits, 'delete', '--force', id);
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

/** Asks runc for its version. */
export async function runcVersion(environment: RunEnvironment): Promise<RuncAnswer> {
  const answer = await runc(environment, { timeout: versionTimeoutMs }, '--version');
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

interface Limits {
  readonly timeout: number;
  readonly cancelSignal?: AbortSignal;
}

interface Answer {
  readonly exitCode?: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly originalMessage?: string | undefined;
  readonly code?: string | undefined;
  readonly timedOut: boolean;
}

/** Of one that goes on though it was killed. */
const hung: Answer = { stdout: '', stderr: '', originalMessage: 'runc hangs', timedOut: true };

async function runc(
  environment: RunEnvironment,
  limits: Limits,
  ...args: string[]
): Promise<Answer> {
  const timer = new AbortController();
  const subprocess = execa(environment.runcBinary, [...globalArgs(environment), ...args], {
    ...execaOptions(environment),
    ...limits,
    killSignal: 'SIGKILL',
  });
  const late = delay(limits.timeout + endMs, hung, { signal: timer.signal }).catch(() => hung);
  const answer = await Promise.race([subprocess, late]);
  timer.abort();
  return answer;
}

function globalArgs({ stateDir }: RunEnvironment): string[] {
  return ['--root', join(stateDir, 'runc')];
}

/** runc gets nothing of the daemon's environment but the way to its programs. */
function execaOptions({ variables }: RunEnvironment) {
  return {
    reject: false,
    extendEnv: false,
    env: { PATH: variables['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin' },
  } as const;
}

function toEnding(code: number | null | undefined, signal: string | null | undefined): Ending {
  return signal ? { signal } : { exitCode: code ?? 1 };
}
