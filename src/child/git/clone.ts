import { readdir, readFile, rename, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentError } from '../../api/errors.ts';
import { cleanSlate, removeTree } from '../clean-slate.ts';
import { withRetries } from '../retry.ts';
import type { Checkout } from './checkout.ts';
import { completeConfig } from './config.ts';
import { gitFailure, remoteGitFailure } from './errors.ts';
import { fetchCommit } from './fetch.ts';
import { originRefspec, persistentConfig } from './spec.ts';
import { askGit, type GitWork, retryTools, runLocalGit, runRemoteGit } from './work.ts';

export interface Clone {
  /** What is left to check out; undefined where the files are there, or there is nothing. */
  readonly toCheckOut?: Checkout;
  /** False for a repository without a commit. */
  readonly born: boolean;
  readonly warnings: readonly string[];
}

/** A repository that is about to be cloned. */
interface Plan {
  /** The default branch when it is left out. */
  readonly branch?: string;
  /** Where git makes it: the location itself, or a directory in it whose `.git` is then moved. */
  readonly folder: string;
  /** Whether git writes the files at once, which is faster than another command for them. */
  readonly checkOut: boolean;
}

/**
 * Clones into the location, with the files where nothing is in their way and HEAD is what is wanted.
 * Throws GitRefNotFound, also when the repository's HEAD names a branch that it does not have, and what
 * else `git clone` may end in; then nothing of it is left.
 */
export async function cloneRepository(work: GitWork): Promise<Clone> {
  const { target, repository } = work.spec;
  switch (target.mode) {
    case 'head':
      return await cloneHead(work);
    case 'remoteBranch': {
      const { branch } = target;
      const clone = await cloneBranch(work, branch, true);
      if (clone !== undefined) return completed(clone);
      if (target.required) {
        throw new ContentError('GitRefNotFound', `${repository} has no branch ${branch}`);
      }
      const warning =
        `${work.step}: ${repository} has no branch ${branch}; ` +
        'a local branch of that name was made from the default branch';
      return { ...(await cloneForBranch(work, branch)), warnings: [warning] };
    }
    case 'localBranch':
      return await cloneForBranch(work, target.branch);
    case 'commit':
      await cloneBranch(work, undefined, false);
      await fetchCommit(work, target.revision, !work.spec.full);
      return { born: true, toCheckOut: { revision: 'FETCH_HEAD' }, warnings: [] };
  }
}

/** The default branch as it is. */
async function cloneHead(work: GitWork): Promise<Clone> {
  const clone = await cloneBranch(work, undefined, true);
  if (clone?.born === false) await requireEmpty(work);
  return completed(clone);
}

/** The default branch, of which a new local branch is to be made. */
async function cloneForBranch(work: GitWork, localBranch: string): Promise<Clone> {
  const clone = await cloneBranch(work, undefined, false);
  const born = clone?.born ?? false;
  if (born) return { born, toCheckOut: { revision: 'HEAD', localBranch }, warnings: [] };
  await requireEmpty(work);
  await runLocalGit(work, ['symbolic-ref', 'HEAD', `refs/heads/${localBranch}`]);
  return { born, warnings: [] };
}

function completed(clone: Fetched | undefined): Clone {
  const { born = false, checkedOut = false } = clone ?? {};
  const done = checkedOut || !born;
  return { born, ...(done ? {} : { toCheckOut: { revision: 'HEAD' } }), warnings: [] };
}

interface Fetched {
  readonly born: boolean;
  /** Whether its files are there already. */
  readonly checkedOut: boolean;
}

/** Clones a branch, or the default one; undefined when the repository has no such branch. */
async function cloneBranch(
  work: GitWork,
  branch: string | undefined,
  checkOut: boolean,
): Promise<Fetched | undefined> {
  const { location, context, claim } = work;
  const inPlace = (await readdir(location)).length === 0;
  const plan: Plan = {
    ...(branch === undefined ? {} : { branch }),
    // In a directory with something in it git does not clone.
    folder: inPlace ? location : join(location, `.wsc-clone-${context.random.name()}`),
    checkOut: inPlace && checkOut,
  };
  if (!inPlace) claim(plan.folder);
  let words: string;
  try {
    words = await withRetries(async () => await tryClone(work, plan), retryTools(work));
    if (branch !== undefined) await requireBranch(work, plan.folder, branch);
  } catch (error) {
    await discard(work, plan);
    const missing = error instanceof ContentError && error.reason === 'GitRefNotFound';
    if (missing && branch !== undefined) return undefined;
    throw error;
  }
  for (const name of inPlace ? await readdir(location) : ['.git']) claim(join(location, name));
  await complete(work, plan);
  const born = !/^warning: You appear to have cloned an empty repository/m.test(words);
  return { born, checkedOut: plan.checkOut };
}

/** Answers what git said. */
async function tryClone(work: GitWork, { branch, folder, checkOut }: Plan): Promise<string> {
  const { spec } = work;
  const args = [
    'clone',
    '--progress',
    '--origin=origin',
    ...(checkOut ? [] : ['--no-checkout']),
    ...(spec.full ? [] : ['--depth=1']),
    ...(branch === undefined ? [] : [`--branch=${branch}`]),
    '--',
    spec.remoteUri,
    folder,
  ];
  try {
    return (await runRemoteGit(work, args, { config: spec.config })).words;
  } catch (error) {
    await discard(work, { folder, checkOut });
    throw remoteGitFailure(error, spec.repository);
  }
}

/** Removes what a clone made. */
async function discard({ location }: GitWork, { folder }: Plan): Promise<void> {
  // What was asked for may have ended, but not the cleaning up.
  if (folder === location) await cleanSlate(folder, new AbortController().signal);
  else await removeTree(folder);
}

/** `git clone --branch` takes a tag too, which leaves HEAD on no branch. */
async function requireBranch(work: GitWork, clone: string, branch: string): Promise<void> {
  const head = await askGit(work, ['symbolic-ref', '--quiet', 'HEAD'], clone);
  if (head !== `refs/heads/${branch}`) {
    throw new ContentError('GitRefNotFound', `${branch} is a tag, not a branch`);
  }
}

/** Completes the fresh clone's configuration and makes its `.git` that of the location. */
async function complete({ spec, location }: GitWork, { folder }: Plan): Promise<void> {
  const config = join(folder, '.git/config');
  const text = await readFile(config, 'utf8');
  await writeFile(config, completeConfig(text, originRefspec, persistentConfig(spec)));
  if (folder === location) return;
  await rename(join(folder, '.git'), join(location, '.git'));
  await rmdir(folder);
}

/** To `git clone`, a HEAD that names a missing branch looks like a repository without a commit. */
async function requireEmpty(work: GitWork): Promise<void> {
  const { repository } = work.spec;
  const heads = await runRemoteGit(work, ['ls-remote', '--heads', 'origin']).catch(
    (error: unknown) => {
      throw gitFailure(error, repository);
    },
  );
  if (heads.stdout === '') return;
  throw new ContentError(
    'GitRefNotFound',
    `${repository} has branches, but its HEAD names none of them; name the branch to use`,
  );
}
