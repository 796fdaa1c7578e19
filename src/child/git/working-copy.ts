import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitWork } from './work.ts';

/** Whether a directory is a working copy: it has a `.git`, of whatever kind. */
export async function isWorkingCopy(location: string): Promise<boolean> {
  return await isThere(join(location, '.git'));
}

/** Whether a working copy lacks a part of its history. */
export async function isShallow({ location }: GitWork): Promise<boolean> {
  return await isThere(join(location, '.git/shallow'));
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
