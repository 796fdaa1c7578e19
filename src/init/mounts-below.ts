import { realpath } from 'node:fs/promises';
import { ContentError } from '../api/errors.ts';
import { createCleaner } from './clean.ts';
import { isWithin, readMounts } from './mounts.ts';

const longestPath = 500;

/**
 * Throws DestinationFailed when something is mounted in a directory that is to be emptied: it may be
 * anybody's, and where it comes from the same file system, no program that removes can tell it from
 * the rest. What is mounted at the directory itself is its content.
 */
export async function assertNothingMountedIn(directory: string): Promise<void> {
  const path = await realpath(directory);
  const mounts = await readMounts();
  const inner = mounts.find((mount) => mount.path !== path && isWithin(mount.path, path));
  if (inner === undefined) return;
  // Whoever works in the content chose the names in it.
  const where = createCleaner([]).line(inner.path, longestPath);
  const message = `something is mounted at ${where}, which would be emptied too: unmount it first`;
  throw new ContentError('DestinationFailed', message);
}
