import { ContentError } from '../../api/errors.ts';
import type { InitializerMessage } from '../../api/initializer.ts';
import { findStored } from '../stored/find.ts';
import { restoreStored } from '../stored/restore.ts';
import { measuredStep, type Step } from './step.ts';

/** An archive of object storage by its name. From a volume snapshot the content is there already. */
export function planSnapshot(
  { snapshot, fromVolumeSnapshot }: NonNullable<InitializerMessage['snapshot']>,
  path: string,
): Step {
  const name = snapshot ?? '';
  return measuredStep(
    path,
    'snapshot',
    async (context, signal) => {
      if (fromVolumeSnapshot === true) return undefined;
      const download = findStored(context, name);
      if (download === undefined) {
        throw new ContentError('SnapshotNotFound', `did not find snapshot ${name}`);
      }
      const archive = { download, directory: context.destination, step: path };
      return await restoreStored({ ...archive, missing: 'SnapshotNotFound' }, context, signal);
    },
    'from-backup',
  );
}
