import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** One name for all times: what a crash leaves the next look takes away. */
const name = '.wscontent-probe';

/** More than what fits into an inode. */
const fewBytes = 4096;

/**
 * Whether something can be written in a directory, which is made when it is missing. Asking for the
 * permission would not tell: a full disk, a used-up quota and a disk that breaks grant it too.
 */
export async function tryToWrite(
  directory: string,
  mode: number,
  bytes = fewBytes,
): Promise<NodeJS.ErrnoException | undefined> {
  const file = join(directory, name);
  try {
    await mkdir(directory, { recursive: true, mode });
    await using handle = await open(file, 'w', 0o600);
    await handle.writeFile(Buffer.alloc(bytes));
    await handle.sync();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
  return undefined;
}
