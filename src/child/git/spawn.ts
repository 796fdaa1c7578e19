import { type ChildProcess, spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { traceFd } from './http-trace.ts';

export interface GitProcess {
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole of it. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends git and all that it started. */
  readonly signal: AbortSignal;
  /** Gets what it says on standard error, piece by piece. */
  readonly hear: (text: string) => void;
  /** Gets what it traces on `traceFd`, piece by piece. */
  readonly hearTrace?: (text: string) => void;
}

export interface GitExit {
  readonly stdout: string;
  /** Undefined when a signal ended it or it could not be started. */
  readonly exitCode: number | undefined;
  /** What ended it where that is no exit code; empty otherwise. */
  readonly why: string;
}

/** Between SIGTERM and SIGKILL, milliseconds. */
const graceMs = 2000;
/** No question that is asked here has a longer answer. */
const longestStdout = 256 * 1024 * 1024;

/**
 * Runs git in a process group of its own, without standard input, until all that it started has let go
 * of its output. Never throws.
 */
export async function spawnGit(git: GitProcess): Promise<GitExit> {
  const { args, cwd, env, signal, hear, hearTrace } = git;
  const stdio = ['ignore', 'pipe', 'pipe', hearTrace === undefined ? 'ignore' : 'pipe'] as const;
  const child = spawn('git', args, { cwd, env, stdio: [...stdio], detached: true });
  const chunks: string[] = [];
  let length = 0;
  listen(child.stdout, (text) => {
    length += text.length;
    if (length <= longestStdout) chunks.push(text);
    else endGroup(child, 'SIGKILL');
  });
  listen(child.stderr, hear);
  if (hearTrace !== undefined) listen(child.stdio[traceFd], hearTrace);

  let kill: NodeJS.Timeout | undefined;
  const stop = (): void => {
    endGroup(child, 'SIGTERM');
    kill = setTimeout(() => endGroup(child, 'SIGKILL'), graceMs);
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise((resolve) => {
      child.once('error', ({ message }) =>
        resolve({ stdout: '', exitCode: undefined, why: message }),
      );
      child.once('close', (code, by) => {
        const why = by === null ? '' : `git was ended by ${by}`;
        resolve({ stdout: chunks.join(''), exitCode: code ?? undefined, why });
      });
    });
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(kill);
    // What closed its output and stayed.
    if (signal.aborted) endGroup(child, 'SIGKILL');
  }
}

function listen(stream: unknown, hear: (text: string) => void): void {
  if (stream instanceof Readable) stream.setEncoding('utf8').on('data', hear);
}

/** git's helpers (for HTTP, packs, submodules) are in its group. */
function endGroup({ pid }: ChildProcess, by: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, by);
  } catch {
    // It has ended already.
  }
}
