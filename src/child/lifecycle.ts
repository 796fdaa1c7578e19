import { lstat } from 'node:fs/promises';
import { ContentError } from '../api/errors.ts';
import { initializerKind, type InitializerMessage } from '../api/initializer.ts';
import type { ContentReport } from '../api/protocol.ts';
import { defaultBackup, type RemoteContent } from '../api/remote-content.ts';
import { cleanSlate } from './clean-slate.ts';
import type { RunContext } from './context.ts';
import { clearDotGitpod } from './dot-gitpod.ts';
import { planBackupInstead } from './initializers/backup.ts';
import { planStep } from './initializers/registry.ts';
import { runStep, type Step } from './initializers/step.ts';
import { placeReadyFile, renderReadyFile } from './ready-file.ts';
import { takeDirectory } from './take-directory.ts';

export interface Content {
  readonly initializer: InitializerMessage;
  /** Remove what an earlier attempt left in the destination. */
  readonly cleanSlate: boolean;
}

/**
 * Fills the destination. The whole initializer is checked before anything is written; the ready file
 * comes last, so that whoever sees it sees all of the content.
 */
export async function fillDestination(
  content: Content,
  context: RunContext,
  signal: AbortSignal,
): Promise<ContentReport> {
  const { destination, owner, random } = context;
  const step = chooseStep(content.initializer, context.remoteContent);
  await requireDirectory(destination);
  if (content.cleanSlate) await cleanSlate(destination, signal);

  const { source, metrics, warnings } = await runStep(step, context, signal);

  signal.throwIfAborted();
  // An archive may have given it to somebody else.
  await takeDirectory(destination, owner);
  await clearDotGitpod(destination, async (from, to) => {
    const { gitMove } = await import('./git/move.ts');
    return await gitMove(destination, from, to, context, signal);
  });
  await placeReadyFile(destination, renderReadyFile(source, metrics), owner, random);
  return { source, metrics, warnings };
}

/**
 * The owner's backup of the workspace goes before whatever else the initializer says, all of which is
 * checked nevertheless.
 */
function chooseStep(initializer: InitializerMessage, remoteContent: RemoteContent): Step {
  const step = planStep(initializer);
  if (initializerKind(initializer) === 'backup') return step;
  const backup = planBackupInstead(initializer);
  return Object.hasOwn(remoteContent, defaultBackup) ? backup : step;
}

async function requireDirectory(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    throw new ContentError('DestinationFailed', 'the destination is not there', { cause: error });
  });
  if (!found.isDirectory()) {
    throw new ContentError('PathNotAllowed', 'the destination is not a directory');
  }
}
