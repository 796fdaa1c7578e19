/** The programs that make networks, each with a batch of commands on its standard input. */
import type { RunEnvironment } from '../environment.ts';
import { runProgram } from '../program.ts';

/** They answer within milliseconds. */
const timeoutMs = 10_000;

/** Throws an Error with the program's words, or the signal's reason, once the program has ended. */
export async function runTool(
  { variables }: Pick<RunEnvironment, 'variables'>,
  program: 'ip' | 'nft',
  args: readonly string[],
  input: string,
  signal?: AbortSignal,
): Promise<string> {
  signal?.throwIfAborted();
  const { exitCode, stdout, stderr, originalMessage, timedOut } = await runProgram(program, args, {
    input,
    timeoutMs,
    signal,
    env: { PATH: `${variables['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: 'C' },
  });
  if (exitCode === 0) return stdout;
  signal?.throwIfAborted();
  const late = timedOut ? `it did not end within ${timeoutMs / 1000} s` : undefined;
  const words = stderr.replaceAll(/\s+/g, ' ').trim();
  throw new Error(`${program}: ${late ?? (words || originalMessage || 'it failed')}`);
}
