import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';

/** Exit code of flock(1) when somebody else has the lock. */
const taken = 75;

/**
 * Locks what is open, a file or a directory, for as long as the handle is; answers whether that was
 * possible within so many seconds. The lock belongs to the open file itself (flock(2)), which this
 * process shares with flock(1) for a moment: so it ends with this process, however that ends, and is
 * seen by every process of the kernel whatever namespaces it is in. Children do not get the handle.
 */
export async function lock(
  { fd }: FileHandle,
  mode: 'exclusive' | 'shared',
  seconds = 0,
): Promise<boolean> {
  const options = [`--${mode}`, '--timeout', String(seconds)];
  const child = spawn('flock', [...options, '--conflict-exit-code', String(taken), '0'], {
    stdio: [fd, 'ignore', 'ignore'],
  });
  let code: unknown;
  try {
    [code] = (await once(child, 'exit')) as unknown[];
  } catch (cause) {
    throw new Error('flock of util-linux cannot be run: install it', { cause });
  }
  if (code !== 0 && code !== taken) {
    throw new Error('flock of util-linux failed: the state directory has to be on a local disk');
  }
  return code === 0;
}
