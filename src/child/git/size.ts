import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readIndex } from './index-file.ts';
import type { GitWork } from './work.ts';

/**
 * Bytes of a clone: the lengths of all files below `.git`, of the files that git checked out, as its
 * index has them, and of the submodules. What earlier steps put beside them does not count, and no
 * number of files makes it slow.
 */
export async function cloneSize({ location }: GitWork): Promise<number> {
  const gitDirectory = join(location, '.git');
  const [gitBytes, { bytes, submodules }] = await Promise.all([
    treeSize(gitDirectory),
    readIndex(gitDirectory),
  ]);
  const below = await Promise.all(submodules.map((path) => treeSize(join(location, path))));
  return below.reduce((sum, size) => sum + size, gitBytes + bytes);
}

async function treeSize(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const sizes = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? await treeSize(path) : (await lstat(path)).size;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
