/** Programs that answer within moments, unless they hang. */
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { assertSpawnRoom } from './spawn-room.ts';

/** Milliseconds after which one that has been killed is not waited for: it hangs in a disk. */
const endMs = 250;

export interface ProgramLimits {
  /** Milliseconds after which it is killed. */
  readonly timeoutMs: number;
  /** Kills it early. */
  readonly signal?: AbortSignal | undefined;
}

interface ProgramOptions extends ProgramLimits {
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** For its standard input. */
  readonly input?: string;
}

export interface ProgramAnswer {
  readonly exitCode?: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly originalMessage?: string | undefined;
  /** Of a start that failed, such as ENOENT. */
  readonly code?: string | undefined;
  readonly timedOut: boolean;
}

/** Runs a program until it ends or is killed. Never rejects. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { timeoutMs, signal, ...options }: ProgramOptions,
): Promise<ProgramAnswer> {
  try {
    assertSpawnRoom(3);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { stdout: '', stderr: '', originalMessage: message, code, timedOut: false };
  }
  const ended = new AbortController();
  try {
    const subprocess = execa(program, args, {
      ...options,
      timeout: timeoutMs,
      ...(signal && { cancelSignal: signal }),
      reject: false,
      extendEnv: false,
      killSignal: 'SIGKILL',
    });
    return await Promise.race([subprocess, hung(program, { timeoutMs, signal }, ended.signal)]);
  } finally {
    ended.abort();
  }
}

/** Resolves when it must have been killed, and goes on all the same. */
async function hung(
  program: string,
  { timeoutMs, signal }: ProgramLimits,
  ended: AbortSignal,
): Promise<ProgramAnswer> {
  const killed = Promise.withResolvers<void>();
  if (signal?.aborted === true) killed.resolve();
  signal?.addEventListener('abort', () => killed.resolve(), { signal: ended });
  const late = delay(timeoutMs, undefined, { signal: ended }).catch(() => {});
  await Promise.race([late, killed.promise]);
  await delay(endMs, undefined, { signal: ended }).catch(() => {});
  const timedOut = signal?.aborted !== true;
  return { stdout: '', stderr: '', originalMessage: `${program} hangs`, timedOut };
}
