import { readdir, readFile, rename, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentError } from '../../api/errors.ts';
import { cleanSlate, removeTree } from '../clean-slate.ts';
import { withRetries } from '../retry.ts';
import type { Checkout } from './checkout.ts';
import { completeConfig } from './config.ts';
import { gitFailure, remoteGitFailure } from './errors.ts';
import { fetchBranch, fetchCommit, remoteRef } from './fetch.ts';
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
  const { target } = work.spec;
  switch (target.mode) {
    case 'head':
      return await cloneHead(work);
    case 'remoteBranch':
      return await cloneRemoteBranch(work, target.branch, target.required);
    case 'localBranch': {
      const { born } = await cloneDefault(work, false);
      return await newLocalBranch(work, target.branch, born);
    }
    case 'commit':
      await cloneDefault(work, false);
      await fetchCommit(work, target.revision, !work.spec.full);
      return { born: true, toCheckOut: { revision: 'FETCH_HEAD' }, warnings: [] };
  }
}

/** The default branch as it is. */
async function cloneHead(work: GitWork): Promise<Clone> {
  const { born, checkedOut } = await cloneDefault(work, true);
  if (!born) await requireEmpty(work);
  const done = checkedOut || !born;
  return { born, ...(done ? {} : { toCheckOut: { revision: 'HEAD' } }), warnings: [] };
}

/**
 * A branch of the remote, beside the default one, which people compare with and go back to. Where the
 * remote does not have it, a local one of that name, unless it is required.
 */
async function cloneRemoteBranch(work: GitWork, branch: string, required: boolean): Promise<Clone> {
  const { full, repository } = work.spec;
  const { born } = await cloneDefault(work, false);
  const revision = remoteRef(branch);
  if ((await knowsBranch(work, branch)) || (!full && (await fetchBranch(work, branch, true)))) {
    return { born: true, toCheckOut: { revision, branch, tracking: true }, warnings: [] };
  }
  if (required) throw new ContentError('GitRefNotFound', `${repository} has no branch ${branch}`);
  const warning =
    `${work.step}: ${repository} has no branch ${branch}; ` +
    'a local branch of that name was made from the default branch';
  return { ...(await newLocalBranch(work, branch, born)), warnings: [warning] };
}

async function knowsBranch(work: GitWork, branch: string): Promise<boolean> {
  const ask = ['rev-parse', '--verify', '--quiet', `${remoteRef(branch)}^{commit}`];
  return (await askGit(work, ask)) !== undefined;
}

/** A local branch that is to be made of the default one. */
async function newLocalBranch(work: GitWork, branch: string, born: boolean): Promise<Clone> {
  if (born) return { born, toCheckOut: { revision: 'HEAD', branch }, warnings: [] };
  await requireEmpty(work);
  await runLocalGit(work, ['symbolic-ref', 'HEAD', `refs/heads/${branch}`]);
  return { born, warnings: [] };
}

interface Fetched {
  /** Whether the default branch has a commit. */
  readonly born: boolean;
  /** Whether its files are there already. */
  readonly checkedOut: boolean;
}

/** Clones the default branch, or with `full` all of them. */
async function cloneDefault(work: GitWork, checkOut: boolean): Promise<Fetched> {
  const { location, context, claim } = work;
  const inPlace = (await readdir(location)).length === 0;
  const plan: Plan = {
    // In a directory with something in it git does not clone.
    folder: inPlace ? location : join(location, `.wsc-clone-${context.random.name()}`),
    checkOut: inPlace && checkOut,
  };
  if (!inPlace) claim(plan.folder);
  let words: string;
  try {
    words = await withRetries(async () => await tryClone(work, plan), retryTools(work));
  } catch (error) {
    await discard(work, plan);
    throw error;
  }
  for (const name of inPlace ? await readdir(location) : ['.git']) claim(join(location, name));
  await complete(work, plan);
  const born =
    !/^warning: (?:You appear to have cloned an empty|remote HEAD refers to nonexistent)/m.test(
      words,
    );
  return { born, checkedOut: plan.checkOut };
}

/** Answers what git said. */
async function tryClone(work: GitWork, { folder, checkOut }: Plan): Promise<string> {
  const { spec } = work;
  const args = [
    'clone',
    '--progress',
    '--origin=origin',
    ...(checkOut ? [] : ['--no-checkout']),
    ...(spec.full ? [] : ['--depth=1']),
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
