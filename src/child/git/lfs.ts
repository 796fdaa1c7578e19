import { constants } from 'node:fs';
import { access, lstat, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ConfigEntry } from './config.ts';
import { gitFailure } from './errors.ts';
import { readIndex } from './index-file.ts';
import { type GitWork, runRemoteGit } from './work.ts';

/** What `git lfs install` would have set; the machine's own settings are not read. */
const filter: readonly ConfigEntry[] = [
  { key: 'filter.lfs.clean', value: 'git-lfs clean -- %f' },
  { key: 'filter.lfs.smudge', value: 'git-lfs smudge -- %f' },
  { key: 'filter.lfs.process', value: 'git-lfs filter-process' },
  { key: 'lfs.transfer.maxRetries', value: '3' },
];

/**
 * Replaces the pointers of Git LFS in a working copy and its submodules by the files that they stand for.
 * Where that cannot be done (no git-lfs, a server without them) they stay, which is a warning.
 */
export async function fetchLfsFiles(work: GitWork): Promise<readonly string[]> {
  const locations = await locationsWithLfs(work.location);
  if (locations.length === 0) return [];
  const kept = `${work.step}: the files kept in Git LFS are left as pointers: `;
  if (!(await isOnPath('git-lfs', work.context.env['PATH']))) {
    return [`${kept}git-lfs is not installed where the content is made`];
  }
  const warnings: string[] = [];
  for (const location of locations) {
    try {
      const options = { config: filter, part: 'LFS' };
      await runRemoteGit({ ...work, location }, ['lfs', 'pull', 'origin'], options);
    } catch (error) {
      work.signal.throwIfAborted();
      const why = gitFailure(error, work.spec.repository);
      warnings.push(`${kept}${why instanceof Error ? why.message : String(why)}`);
    }
  }
  return warnings;
}

/** A working copy and its submodules, as far as their attributes speak of LFS. */
async function locationsWithLfs(location: string): Promise<readonly string[]> {
  const index = await readIndex(await gitDirectory(location)).catch(() => undefined);
  // A submodule that could not be updated has none.
  if (index === undefined) return [];
  const { attributes, submodules } = index;
  const found: string[] = [];
  for (const path of attributes) {
    if (!(await mentionsLfs(join(location, path)))) continue;
    found.push(location);
    break;
  }
  for (const path of submodules) found.push(...(await locationsWithLfs(join(location, path))));
  return found;
}

/** A submodule has a file that names it. */
async function gitDirectory(location: string): Promise<string> {
  const path = join(location, '.git');
  const text = await readFile(path, 'utf8').catch(() => '');
  const [, elsewhere] = /^gitdir: (.+)$/m.exec(text) ?? [];
  return elsewhere === undefined ? path : resolve(location, elsewhere);
}

async function mentionsLfs(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isFile() === true && /\bfilter=lfs\b/.test(await readFile(path, 'utf8'));
}

async function isOnPath(program: string, path = ''): Promise<boolean> {
  for (const folder of path.split(':')) {
    const usable = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return true;
  }
  return false;
}
