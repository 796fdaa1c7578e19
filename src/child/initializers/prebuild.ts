import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentError } from '../../api/errors.ts';
import type { GitMessage, InitializerMessage } from '../../api/initializer.ts';
import type { StepMetric } from '../../api/protocol.ts';
import type { RunContext } from '../context.ts';
import { withStep } from '../failure.ts';
import { resolveLogin } from '../git/one-time-secret.ts';
import { parseGitSpec } from '../git/spec.ts';
import { type Update, updateWorkingCopy } from '../git/update.ts';
import { displayed, findDirectory } from '../paths.ts';
import { notePriorContent } from '../prior-content.ts';
import { planGit } from './git.ts';
import { planSnapshot } from './snapshot.ts';
import { measuredStep, runStep, type Step, type StepResult } from './step.ts';

/**
 * A snapshot of a checkout that was built ahead, brought up to date by git; without the snapshot the
 * repositories are cloned. It counts as a prebuild only while no HEAD had to be moved.
 */
export function planPrebuild(
  { prebuild, git }: NonNullable<InitializerMessage['prebuild']>,
  path: string,
): Step {
  const repositories = (git ?? []).map((message, index) => ({
    clone: planGit(message, `${path}.git[${index}]`),
    update: planUpdate(message, `${path}.git[${index}]`),
  }));
  const isThere = prebuild?.fromVolumeSnapshot === true;
  const snapshot = prebuild?.snapshot ? planSnapshot(prebuild, `${path}.snapshot`) : undefined;
  if (!isThere && snapshot === undefined && repositories.length === 0) {
    throw new ContentError('InvalidSpec', `${path}: names neither a snapshot nor a repository`);
  }

  return measuredStep(path, 'prebuild', async (context, signal) => {
    const results: StepResult[] = [];
    const warnings: string[] = [];
    const clone = repositories.length === 0 ? undefined : warnings;
    const restored = isThere
      ? nothingToDo
      : snapshot && (await restore(snapshot, clone, context, signal));
    if (restored === undefined) {
      for (const each of repositories) results.push(await runStep(each.clone, context, signal));
      return { ...sum(results), warnings: [...warnings, ...sum(results).warnings] };
    }
    let moved = false;
    for (const {
      clone: { path: step },
      update,
    } of repositories) {
      const done = await update(context, signal).catch((error: unknown) => {
        throw withStep(error, step);
      });
      moved ||= done.headMoved;
      warnings.push(...done.warnings);
    }
    const { size, metrics, warnings: said } = sum([restored]);
    const source = moved ? 'from-other' : 'from-prebuild';
    return { size, metrics, warnings: [...said, ...warnings], source };
  });
}

/** From a volume snapshot. */
const nothingToDo: StepResult = { source: 'from-backup', metrics: [], warnings: [] };

/**
 * Undefined when it failed, nothing of it is left and `warnings` were told. Throws the failure when there is
 * nobody to tell, or when it has replaced what earlier steps made.
 */
async function restore(
  snapshot: Step,
  warnings: string[] | undefined,
  context: RunContext,
  signal: AbortSignal,
): Promise<StepResult | undefined> {
  const before = await notePriorContent(context.destination);
  try {
    return await runStep(snapshot, context, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (warnings === undefined || !(error instanceof ContentError)) throw error;
    if (!(await before.bringBack(signal))) throw error;
    warnings.push(
      `${snapshot.path}: the repositories were cloned, since the snapshot could not be restored: ${error.message}`,
    );
    return undefined;
  }
}

/** Brings one working copy of the snapshot to what is asked for. */
function planUpdate(
  message: GitMessage,
  step: string,
): (context: RunContext, signal: AbortSignal) => Promise<Update> {
  const spec = parseGitSpec(message, step);
  return async (context, signal) => {
    const { destination } = context;
    const location = await findDirectory(destination, spec.location);
    const isWorkingCopy =
      location !== undefined && (await lstat(join(location, '.git')).catch(() => undefined));
    if (!isWorkingCopy) {
      const where =
        location === undefined ? spec.location.join('/') : displayed(location, destination);
      const warning = `${step}: the snapshot holds no working copy in ${where}, so git left it alone`;
      return { headMoved: false, warnings: [warning] };
    }
    const claim = (): void => undefined;
    const credentials = await resolveLogin(spec.login, step, context, signal);
    return await updateWorkingCopy({ spec, credentials, location, step, context, signal, claim });
  };
}

function sum(results: readonly StepResult[]): {
  readonly size: number;
  readonly metrics: readonly StepMetric[];
  readonly warnings: readonly string[];
} {
  const metrics = results.flatMap((result) => result.metrics);
  const size = metrics.reduce((total, metric) => total + metric.size, 0);
  return { size, metrics, warnings: results.flatMap((result) => result.warnings) };
}
