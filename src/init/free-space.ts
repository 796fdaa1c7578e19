import { statfs } from 'node:fs/promises';
import { ContentError } from '../api/errors.ts';

/**
 * The same error with what is left on the file system of the content, when that is what ran out: which
 * of the two it was, bytes or inodes, the operating system does not tell.
 */
export async function withFreeSpace(error: ContentError, path: string): Promise<ContentError> {
  if (error.reason !== 'DestinationFull') return error;
  const left = await statfs(path).catch(() => undefined);
  if (left === undefined) return error;
  const free = Math.floor((left.bavail * left.bsize) / 1024);
  // File systems that make inodes as they need them count none.
  const inodes = left.files === 0 ? '' : ` and ${left.ffree} inodes`;
  const message = `${error.message} (its file system has ${free} KiB${inodes} left now)`;
  const { step } = error;
  return new ContentError(error.reason, message, {
    cause: error,
    ...(step === undefined ? {} : { step }),
  });
}
