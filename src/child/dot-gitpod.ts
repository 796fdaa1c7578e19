import { lstat, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './fs-errors.ts';

/** Renames a tracked file in a working copy; false when git did not do it. */
export type GitMove = (from: string, to: string) => Promise<boolean>;

const directory = '.gitpod';
const otherName = '.gitpod.yaml';

/**
 * Makes room for the directory `.gitpod` when the content has a file or a symbolic link of that name:
 * it becomes `.gitpod.yaml`, or goes away when that name is taken. A link itself is moved, never what
 * it points to.
 */
export async function clearDotGitpod(destination: string, gitMove: GitMove): Promise<void> {
  const path = join(destination, directory);
  const found = await lstat(path).catch(ignoreMissing);
  if (found === undefined || found.isDirectory()) return;

  const taken = await lstat(join(destination, otherName)).catch(ignoreMissing);
  if (taken !== undefined) {
    await unlink(path);
    return;
  }
  const isWorkingCopy = (await lstat(join(destination, '.git')).catch(ignoreMissing)) !== undefined;
  if (isWorkingCopy && (await gitMove(directory, otherName))) return;
  await rename(path, join(destination, otherName));
}

function ignoreMissing(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error;
}
