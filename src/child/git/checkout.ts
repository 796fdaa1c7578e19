import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentError } from '../../api/errors.ts';
import { lostAndFound } from '../clean-slate.ts';
import { errorCode } from '../fs-errors.ts';
import type { RemoteRef } from './fetch.ts';
import { type GitWork, runLocalGit } from './work.ts';

/** What to check out. */
export interface Checkout {
  readonly revision: 'HEAD' | 'FETCH_HEAD' | RemoteRef;
  /** The local branch to make of it; HEAD stays as it is without, FETCH_HEAD has no branch. */
  readonly branch?: string;
  /** Whether the branch tracks the revision. */
  readonly tracking?: boolean;
}

/**
 * Checks a revision out around what earlier steps put into the location. Throws InvalidSpec that names the
 * files which are in the way, before anything is written.
 */
export async function checkOut(work: GitWork, checkout: Checkout): Promise<void> {
  const { location, claim } = work;
  const before = await readdir(location);
  const occupied = before.some((name) => name !== '.git' && name !== lostAndFound);
  if (occupied) await refuseConflicts(work, checkout);
  try {
    // git would overwrite ignored files without a word.
    const args = ['checkout', '--progress', '--no-overwrite-ignore', ...head(checkout), '--'];
    await runLocalGit(work, args);
  } catch (error) {
    if (!occupied) {
      const made = (await readdir(location)).filter((name) => !before.includes(name));
      for (const name of made) claim(join(location, name));
    }
    throw error;
  }
}

/** The arguments for what HEAD is to be. */
function head({ revision, branch, tracking = false }: Checkout): readonly string[] {
  // The branch may be the default one, which is there already.
  if (branch !== undefined) return [tracking ? '--track' : '--no-track', '-B', branch, revision];
  return revision === 'HEAD' ? [revision] : ['--detach', revision];
}

/** How many files in the way a message names. */
const namedFiles = 5;

/** Claims what the checkout is going to make. */
async function refuseConflicts(work: GitWork, { revision }: Checkout): Promise<void> {
  const listed = await runLocalGit(work, [
    'ls-tree',
    '-r',
    '-z',
    '--name-only',
    '--full-tree',
    revision,
  ]);
  const { conflicts, fresh } = await compare(work.location, listed.split('\0').filter(Boolean));
  if (conflicts.length > 0) {
    const names = conflicts.slice(0, namedFiles).join(', ');
    const more = conflicts.length > namedFiles ? `, and ${conflicts.length - namedFiles} more` : '';
    throw new ContentError(
      'InvalidSpec',
      `${work.step}.checkoutLocation: earlier steps put files there that ${work.spec.repository} ` +
        `has too: ${names}${more}`,
    );
  }
  for (const path of fresh) work.claim(path);
}

interface Comparison {
  /** Files of the tree whose place is taken. */
  readonly conflicts: readonly string[];
  /** Absolute paths, nothing of which is there yet and which hold all of the tree. */
  readonly fresh: ReadonlySet<string>;
}

async function compare(location: string, files: readonly string[]): Promise<Comparison> {
  const conflicts: string[] = [];
  const fresh = new Set<string>();
  const directories = new Set<string>();
  for (const file of files) {
    let path = location;
    let taken = true;
    for (const part of file.split('/')) {
      path = join(path, part);
      if (directories.has(path)) continue;
      if (fresh.has(path)) {
        taken = false;
        break;
      }
      const found = await lookUp(path);
      if (found === 'directory' && path !== join(location, file)) {
        directories.add(path);
        continue;
      }
      taken = found !== 'nothing';
      if (!taken) fresh.add(path);
      break;
    }
    if (taken) conflicts.push(file);
  }
  return { conflicts, fresh };
}

async function lookUp(path: string): Promise<'nothing' | 'directory' | 'other'> {
  try {
    return (await lstat(path)).isDirectory() ? 'directory' : 'other';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'nothing';
    throw error;
  }
}
