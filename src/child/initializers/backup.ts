import { ContentError } from '../../api/errors.ts';
import type { InitializerMessage } from '../../api/initializer.ts';
import { defaultBackup } from '../../api/remote-content.ts';
import { makeDirectory, parseDirectory } from '../paths.ts';
import { findStored } from '../stored/find.ts';
import { restoreStored } from '../stored/restore.ts';
import { measuredStep, type Step } from './step.ts';

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
