import { ContentError } from '../../api/errors.ts';
import { withRetries } from '../retry.ts';
import { remoteGitFailure } from './errors.ts';
import { isFullCommitId } from './target.ts';
import { type GitWork, retryTools, runRemoteGit } from './work.ts';

/** Commits that come with the one that is asked for, so that a look at its history is possible. */
const commitDepth = 20;

/**
 * Fetches a commit, with some history where the repository is shallow; FETCH_HEAD names it then. Throws
 * GitRefNotFound and what else `git fetch` may end in.
 */
export async function fetchCommit(
  work: GitWork,
  revision: string,
  shallow: boolean,
): Promise<void> {
  const { repository } = work.spec;
  const depth = shallow ? [`--depth=${commitDepth}`] : [];
  try {
    await fetchFrom(work, [...depth, '--end-of-options', 'origin', revision], { what: repository });
  } catch (error) {
    if (!(error instanceof ContentError) || error.reason !== 'GitRefNotFound') throw error;
    const message = isFullCommitId(revision)
      ? `${repository} has no commit ${revision}`
      : `${repository} does not know ${revision}; a commit is named by its full ID, ` +
        '40 hexadecimal digits (git rev-parse shows it)';
    throw new ContentError('GitRefNotFound', message, { cause: error });
  }
}

/** What the clone knows a branch of the remote by. */
export type RemoteRef = `refs/remotes/origin/${string}`;

export function remoteRef(branch: string): RemoteRef {
  return `refs/remotes/origin/${branch}`;
}

/** Fetches one branch of the remote; answers whether there is one of that name. */
export async function fetchBranch(
  work: GitWork,
  branch: string,
  shallow: boolean,
): Promise<boolean> {
  const depth = shallow ? ['--depth=1'] : [];
  const refspec = `+refs/heads/${branch}:${remoteRef(branch)}`;
  try {
    const { repository: what } = work.spec;
    await fetchFrom(work, [...depth, '--end-of-options', 'origin', refspec], { what });
    return true;
  } catch (error) {
    if (error instanceof ContentError && error.reason === 'GitRefNotFound') return false;
    throw error;
  }
}

/** Fetches the branches of the second remote, where there is one; it is in the configuration already. */
export async function fetchUpstream(work: GitWork): Promise<void> {
  const { upstream } = work.spec;
  if (upstream === undefined) return;
  const what = `the upstream ${upstream.shown}`;
  await fetchFrom(work, ['--end-of-options', 'upstream'], { what, part: 'Upstream' });
}

/** What is fetched, for messages, and for the progress where it is not the repository itself. */
interface Fetched {
  readonly what: string;
  readonly part?: string;
}

/** Runs `git fetch`, again after a failure that may pass. */
export async function fetchFrom(
  work: GitWork,
  args: readonly string[],
  { what, part }: Fetched,
): Promise<void> {
  const run = async (): Promise<void> => {
    try {
      const fetch = ['fetch', '--progress', '--no-recurse-submodules', ...args];
      await runRemoteGit(work, fetch, part === undefined ? {} : { part });
    } catch (error) {
      throw remoteGitFailure(error, what);
    }
  };
  await withRetries(run, retryTools(work));
}
