import { ContentError } from '../../api/errors.ts';
import { backupInitializers, type InitializerMessage } from '../../api/initializer.ts';
import { defaultBackup } from '../../api/remote-content.ts';
import { makeDirectory, parseDirectory } from '../paths.ts';
import { findStored } from '../stored/find.ts';
import { restoreStored } from '../stored/restore.ts';
import { measuredStep, type Step } from './step.ts';

/**
 * The backup that is restored instead of the initializer: to where a backup in its tree says, else to the
 * destination. Throws InvalidSpec when two of them want it in different places.
 */
export function planBackupInstead(initializer: InitializerMessage): Step {
  const [first, ...others] = [...backupInitializers(initializer)];
  const placeOf = (backup: NonNullable<InitializerMessage['backup']>, path: string): string =>
    parseDirectory(backup.checkoutLocation ?? '', `${path}.checkoutLocation`).join('/');
  for (const { backup, path } of others) {
    if (first === undefined || placeOf(backup, path) === placeOf(first.backup, first.path))
      continue;
    throw new ContentError(
      'InvalidSpec',
      `${path}.checkoutLocation: is not that of ${first.path}, and the backup is restored once`,
      { step: path },
    );
  }
  return planBackup({ checkoutLocation: first?.backup.checkoutLocation ?? '' }, 'backup');
}

/** The owner's latest backup of the workspace. From a volume snapshot the content is there already. */
export function planBackup(
  { checkoutLocation, fromVolumeSnapshot }: NonNullable<InitializerMessage['backup']>,
  path: string,
): Step {
  const location = parseDirectory(checkoutLocation ?? '', `${path}.checkoutLocation`);
  return measuredStep(
    path,
    'fromBackup',
    async (context, signal) => {
      if (fromVolumeSnapshot === true) return undefined;
      const download = findStored(context, defaultBackup);
      if (download === undefined) throw new ContentError('BackupNotFound', 'no backup found');
      const { path: directory } = await makeDirectory(context.destination, location);
      const archive = { download, directory, step: path };
      return await restoreStored({ ...archive, missing: 'BackupNotFound' }, context, signal);
    },
    'from-backup',
  );
}
