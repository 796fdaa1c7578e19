/** Programs that bytes go through. */
import type { ChildProcess, spawn as nodeSpawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** node:child_process's own: each chunk goes to the pipe with its callback, nothing is buffered. */
export type Spawn = typeof nodeSpawn;

/** How a program ended; `error` when it could not be started. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: NodeJS.ErrnoException;
}

export interface Program {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Whether it could be started. */
  readonly started: Promise<boolean>;
  /** Never rejects. */
  readonly ended: Promise<Ended>;
  readonly hasEnded: boolean;
  /** The begin of what it said on standard error. */
  readonly words: () => string;
  readonly kill: () => Promise<void>;
}

const longestWords = 16 * 1024;

/** Starts a program with nothing of this process's environment: GNU tar and gzip take options from theirs. */
export function start(
  spawn: Spawn,
  name: string,
  args: readonly string[],
  listen: (words: string) => void = () => undefined,
): Program {
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C.UTF-8' };
  const child = spawn(name, args, { stdio: 'pipe', env, cwd: '/' });
  // A broken pipe is told by how the program ended.
  child.stdin.on('error', () => undefined);
  child.stdout.on('error', () => undefined);

  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(0, longestWords);
    listen(text);
  });
  const started = new Promise<boolean>((resolve) => {
    child.once('spawn', () => resolve(true)).once('error', () => resolve(false));
  });
  let hasEnded = false;
  const ended = end(child);
  void ended.then(() => (hasEnded = true));
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    started,
    ended,
    get hasEnded() {
      return hasEnded;
    },
    words: () => words,
    kill: async () => {
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.stdin.destroy();
      await ended;
    },
  };
}

async function end(child: ChildProcess): Promise<Ended> {
  return await new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, error });
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}
