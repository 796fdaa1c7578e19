import { ContentError } from '../../api/errors.ts';
import { fetchLfsFiles } from './lfs.ts';
import { realizeTarget } from './realize.ts';
import { updateSubmodules } from './submodules.ts';
import { askGit, type GitWork, runLocalGit } from './work.ts';

export interface Update {
  /** Whether HEAD is another commit than before. */
  readonly headMoved: boolean;
  readonly warnings: readonly string[];
}

/**
 * Brings a working copy that came from elsewhere (a prebuild's snapshot) to what its git initializer asks
 * for. Changes of tracked files are kept: they are set aside and applied again, and where they conflict
 * they stay in git's stash. Untracked files stay where they are. Throws as `git fetch` and `git checkout`
 * may end.
 */
export async function updateWorkingCopy(work: GitWork): Promise<Update> {
  const before = await headCommit(work);
  // Without a commit there is nothing that could have changed.
  const stash = before === undefined ? noStash : await stashChanges(work);
  const warnings = [...stash.warnings];
  warnings.push(...(await realizeTarget(work)));
  warnings.push(...(await updateSubmodules(work)));
  warnings.push(...(await fetchLfsFiles(work)));
  if (stash.made) warnings.push(...(await applyChanges(work)));
  return { headMoved: (await headCommit(work)) !== before, warnings };
}

async function headCommit(work: GitWork): Promise<string | undefined> {
  return await askGit(work, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
}

interface Stash {
  /** Whether there is one: without changes git makes none, and a failed stash is none. */
  readonly made: boolean;
  readonly warnings: readonly string[];
}

const noStash: Stash = { made: false, warnings: [] };

async function stashChanges(work: GitWork): Promise<Stash> {
  const before = await newestStash(work);
  const warnings: string[] = [];
  try {
    await runLocalGit(work, ['stash', 'push', '--no-include-untracked']);
  } catch (error) {
    work.signal.throwIfAborted();
    if (!(error instanceof ContentError)) throw error;
    warnings.push(`${work.step}: changes could not be set aside: ${error.message}`);
  }
  return { made: (await newestStash(work)) !== before, warnings };
}

async function newestStash(work: GitWork): Promise<string | undefined> {
  return await askGit(work, ['rev-parse', '--verify', '--quiet', 'refs/stash']);
}

async function applyChanges(work: GitWork): Promise<readonly string[]> {
  try {
    await runLocalGit(work, ['stash', 'pop']);
    return [];
  } catch (error) {
    work.signal.throwIfAborted();
    if (!(error instanceof ContentError)) throw error;
    await runLocalGit(work, ['reset', '--hard', '--quiet']);
    return [
      `${work.step}: the changes of the working copy conflict with what was checked out; ` +
        'they are kept, see git stash list',
    ];
  }
}
