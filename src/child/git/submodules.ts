import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { withRetries } from '../retry.ts';
import { gitFailure, remoteGitFailure } from './errors.ts';
import { type GitWork, retryTools, runRemoteGit } from './work.ts';

/**
 * Updates the submodules, and theirs. A failure is a warning: the clone itself is whole. Credentials go
 * to submodules of the repository's own server only.
 */
export async function updateSubmodules(work: GitWork): Promise<readonly string[]> {
  const modules = await lstat(join(work.location, '.gitmodules')).catch(() => undefined);
  if (modules?.isFile() !== true) return [];
  try {
    await update(work);
    return [];
  } catch (error) {
    work.signal.throwIfAborted();
    const why = gitFailure(error, work.spec.repository);
    const message = why instanceof Error ? why.message : String(why);
    return [`${work.step}: the submodules could not be updated: ${message}`];
  }
}

/** Shallow like the clone, where the server hands out a commit that is not the tip of a branch. */
async function update(work: GitWork): Promise<void> {
  const args = ['submodule', 'update', '--init', '--recursive', '--progress'];
  if (!work.spec.full) {
    try {
      await runRemoteGit(work, [...args, '--depth=1'], { part: 'Submodules' });
      return;
    } catch {
      work.signal.throwIfAborted();
    }
  }
  const updateOnce = async (): Promise<void> => {
    try {
      await runRemoteGit(work, args, { part: 'Submodules' });
    } catch (error) {
      throw remoteGitFailure(error, work.spec.repository);
    }
  };
  await withRetries(updateOnce, retryTools(work));
}
