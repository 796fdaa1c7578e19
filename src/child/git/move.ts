import type { RunContext } from '../context.ts';
import { GitCommandError, runGit } from './command.ts';
import { gitEnvironment } from './environment.ts';

/** `git mv` in a working copy; false when git refuses, as it does for a file that it does not track. */
export async function gitMove(
  location: string,
  from: string,
  to: string,
  { env }: RunContext,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await runGit({
      args: ['mv', '--', from, to],
      cwd: location,
      env: gitEnvironment(env),
      signal,
    });
    return true;
  } catch (error) {
    if (error instanceof GitCommandError) return false;
    throw error;
  }
}
