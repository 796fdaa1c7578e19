/** The programs that make networks, each with a batch of commands on its standard input. */
import { execa } from 'execa';
import type { RunEnvironment } from '../environment.ts';

/** They answer within milliseconds. */
const timeoutMs = 10_000;

/** Throws an Error with the program's words. */
export async function runTool(
  { variables }: Pick<RunEnvironment, 'variables'>,
  program: 'ip' | 'nft',
  args: readonly string[],
  input: string,
): Promise<string> {
  const result = await execa(program, args, {
    input,
    timeout: timeoutMs,
    reject: false,
    extendEnv: false,
    env: { PATH: `${variables['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: 'C' },
  });
  if (result.exitCode === 0) return result.stdout;
  const words = result.stderr.replaceAll(/\s+/g, ' ').trim();
  throw new Error(`${program}: ${words || result.originalMessage || 'it failed'}`);
}
