import { ContentError } from '../../api/errors.ts';
import { fetchBranch, fetchCommit, fetchFrom, remoteRef } from './fetch.ts';
import { askGit, type GitWork, runLocalGit } from './work.ts';
import { isShallow } from './working-copy.ts';

/**
 * Makes HEAD and the files of an existing working copy what the target asks for, whose tracked files have
 * no changes. REMOTE_HEAD and LOCAL_BRANCH take the default branch as the working copy knows it. Answers
 * warnings; throws GitRefNotFound and what else `git fetch` may end in.
 */
export async function realizeTarget(work: GitWork): Promise<readonly string[]> {
  const { target, repository } = work.spec;
  switch (target.mode) {
    case 'head': {
      const revision = await defaultRevision(work);
      if (revision !== undefined) await runLocalGit(work, ['reset', '--hard', revision, '--']);
      return [];
    }
    case 'localBranch':
      await switchToNew(work, target.branch, await defaultRevision(work));
      return [];
    case 'commit':
      await fetchCommit(work, target.revision, await isShallow(work));
      await runLocalGit(work, ['checkout', '--progress', '--detach', 'FETCH_HEAD', '--']);
      return [];
    case 'remoteBranch': {
      const { branch, required } = target;
      if (await fetchBranch(work, branch, await isShallow(work))) {
        // It tracks the remote one, where the working copy's refspec has that.
        await runLocalGit(work, ['checkout', '--progress', '-B', branch, remoteRef(branch), '--']);
        return [];
      }
      if (required) {
        throw new ContentError('GitRefNotFound', `${repository} has no branch ${branch}`);
      }
      await switchToNew(work, branch, await defaultRevision(work));
      const warning =
        `${work.step}: ${repository} has no branch ${branch}; ` +
        'a local branch of that name was made from the default branch';
      return [warning];
    }
  }
}

/** The remote's default branch; undefined when the repository has no commit. */
async function defaultRevision(work: GitWork): Promise<string | undefined> {
  const known = 'refs/remotes/origin/HEAD';
  const ask = ['rev-parse', '--verify', '--quiet', `${known}^{commit}`];
  if ((await askGit(work, ask)) !== undefined) return known;
  try {
    // A clone of one branch does not know which one is the default.
    const { repository: what } = work.spec;
    const depth = (await isShallow(work)) ? ['--depth=1'] : [];
    await fetchFrom(work, [...depth, '--end-of-options', 'origin', 'HEAD'], { what });
    return 'FETCH_HEAD';
  } catch (error) {
    if (error instanceof ContentError && error.reason === 'GitRefNotFound') return undefined;
    throw error;
  }
}

async function switchToNew(
  work: GitWork,
  branch: string,
  revision: string | undefined,
): Promise<void> {
  if (revision === undefined) {
    await runLocalGit(work, ['symbolic-ref', 'HEAD', `refs/heads/${branch}`]);
  } else {
    await runLocalGit(work, ['checkout', '--progress', '--no-track', '-B', branch, revision, '--']);
  }
}
