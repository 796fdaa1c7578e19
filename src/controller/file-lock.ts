import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { assertSpawnRoom } from '../init/spawn-room.ts';

/** Exit code of flock(1) when somebody else has the lock. */
const taken = 75;

/** Of what flock(1) says; it is a line. */
const longestWords = 200;

/**
 * Locks what is open, a file or a directory, for as long as the handle is; answers whether that was
 * possible within so many seconds, or parts of one. The lock belongs to the open file itself (flock(2)),
 * which this process shares with flock(1) for a moment: so it ends with this process, however that ends,
 * and is seen by every process of the kernel whatever namespaces it is in. Children do not get the handle.
 * Throws an error for people when the file system takes no locks, or there is no flock(1), and the
 * signal's reason when that is aborted.
 */
export async function lock(
  { fd }: FileHandle,
  mode: 'exclusive' | 'shared',
  seconds = 0,
  signal?: AbortSignal,
): Promise<boolean> {
  signal?.throwIfAborted();
  const options = [`--${mode}`, '--timeout', String(seconds)];
  let words = '';
  let code: unknown;
  try {
    assertSpawnRoom(1);
    const child = spawn('flock', [...options, '--conflict-exit-code', String(taken), '0'], {
      stdio: [fd, 'ignore', 'pipe'],
      killSignal: 'SIGKILL',
      ...(signal && { signal }),
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (words += text));
    [code] = (await once(child, 'close')) as unknown[];
  } catch (cause) {
    signal?.throwIfAborted();
    const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : 'an error';
    const why = errno === 'ENOENT' ? 'install it' : errno;
    throw new Error(`flock of util-linux cannot be run: ${why}`, { cause });
  }
  if (code !== 0 && code !== taken) {
    const why = words.trim().slice(0, longestWords) || `it ended with ${String(code)}`;
    throw new Error(`the file system takes no lock, says flock of util-linux: ${why}`);
  }
  return code === 0;
}
