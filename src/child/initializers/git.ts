import type { GitMessage } from '../../api/initializer.ts';
import { removeTree } from '../clean-slate.ts';
import { checkOut } from '../git/checkout.ts';
import { cloneRepository } from '../git/clone.ts';
import { fetchUpstream } from '../git/fetch.ts';
import { fetchLfsFiles } from '../git/lfs.ts';
import { resolveLogin } from '../git/one-time-secret.ts';
import { cloneSize } from '../git/size.ts';
import { parseGitSpec } from '../git/spec.ts';
import { updateSubmodules } from '../git/submodules.ts';
import type { GitWork } from '../git/work.ts';
import { isWorkingCopy } from '../git/working-copy.ts';
import { makeDirectory, removeEmpty } from '../paths.ts';
import { measuredStep, type Step, type Work } from './step.ts';

/** A clone; a location that is a working copy already is left alone and not measured. */
export function planGit(message: GitMessage, path: string): Step {
  const spec = parseGitSpec(message, path);
  return measuredStep(path, 'git', async (context, signal) => {
    const { path: location, created } = await makeDirectory(context.destination, spec.location);
    if (await isWorkingCopy(location)) return undefined;

    const claimed: string[] = [];
    const claim = (made: string): void => void claimed.push(made);
    try {
      const credentials = await resolveLogin(spec.login, path, context, signal);
      return await fill({ spec, credentials, location, step: path, context, signal, claim });
    } catch (error) {
      await takeBack(claimed, created);
      throw error;
    }
  });
}

async function fill(work: GitWork): Promise<Work> {
  const clone = await cloneRepository(work);
  const warnings = [...clone.warnings];
  if (clone.toCheckOut !== undefined) await checkOut(work, clone.toCheckOut);
  await fetchUpstream(work);
  if (clone.born) {
    warnings.push(...(await updateSubmodules(work)));
    warnings.push(...(await fetchLfsFiles(work)));
  }
  return { size: await cloneSize(work), warnings };
}

/** Removes what a failed clone made and nothing else. The failure counts, not what this runs into. */
async function takeBack(claimed: readonly string[], created: readonly string[]): Promise<void> {
  for (const path of claimed) await removeTree(path).catch(() => undefined);
  await removeEmpty(created);
}
