import { lstat, readdir } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { lostAndFound, removeTree } from './clean-slate.ts';
import { errorCode } from './fs-errors.ts';
import { type Access, accessOf, changeAccess } from './take-directory.ts';

/** What was in a directory at some time, so that what came later can be taken away again. */
export interface PriorContent {
  /**
   * Removes what was not there, and gives directories back to their owners. Answers whether all that was
   * there is as it was: a file that has been replaced cannot be brought back.
   */
  readonly bringBack: (signal: AbortSignal) => Promise<boolean>;
}

/** By path: bytes as a latin1 string. A file's value tells it from others. */
type Noted = Map<string, Access | string>;

/** Notes all that is below a directory. Directories that this process may not read count as one thing. */
export async function notePriorContent(root: string): Promise<PriorContent> {
  const noted: Noted = new Map();
  const aside = `${root}/${lostAndFound}`;
  await note(Buffer.from(root), noted, aside);
  return {
    bringBack: async (signal) => {
      const seen = new Set<string>();
      const isWhole = await compare(Buffer.from(root), { noted, seen, aside, signal });
      return isWhole && seen.size === noted.size;
    },
  };
}

async function note(directory: Buffer, noted: Noted, aside: string): Promise<void> {
  for (const path of await listed(directory, aside)) {
    const found = await lstat(path);
    noted.set(key(path), found.isDirectory() ? accessOf(found) : identity(found));
    if (found.isDirectory()) await note(path, noted, aside);
  }
}

interface Comparison {
  readonly noted: Noted;
  readonly seen: Set<string>;
  /** A file system's own lost+found at the root. */
  readonly aside: string;
  readonly signal: AbortSignal;
}

async function compare(directory: Buffer, comparison: Comparison): Promise<boolean> {
  const { noted, seen, aside, signal } = comparison;
  let isWhole = true;
  for (const path of await listed(directory, aside)) {
    signal.throwIfAborted();
    const found = await lstat(path);
    const before = noted.get(key(path));
    if (before === undefined) {
      await removeTree(path);
      continue;
    }
    seen.add(key(path));
    if (typeof before !== 'string' && found.isDirectory()) {
      await changeAccess(path, () => before);
      isWhole = (await compare(path, comparison)) && isWhole;
    } else if (before !== identity(found)) {
      isWhole = false;
    }
  }
  return isWhole;
}

async function listed(directory: Buffer, aside: string): Promise<Buffer[]> {
  const names = await readdir(directory, { encoding: 'buffer' }).catch((error: unknown) => {
    if (errorCode(error) !== 'EACCES') throw error;
    return [];
  });
  return names
    .map((name) => Buffer.concat([directory, Buffer.from('/'), name]))
    .filter((path) => !path.equals(Buffer.from(aside)));
}

function key(path: Buffer): string {
  return path.toString('latin1');
}

/** A file that took another's place has another inode, or its number and another time. */
function identity({ ino, mtimeMs, size, mode }: Stats): string {
  return [ino, mtimeMs, size, mode].join(' ');
}
