/** Which process of the node is at work in a directory: docs/adr/0016. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { ContentError } from '../api/errors.ts';
import { lock } from './file-lock.ts';

/** Seconds. A process that was killed a moment ago may not have come to its end. */
const patience = 0.2;

const directoryOnly = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Keeps all other processes of the node from working in a directory until it is disposed of;
 * undefined when one of them does. It goes with this process, however that ends. Who shares a directory
 * works somewhere below it, and keeps out only those who would work in all of it. Throws what opening
 * the directory throws, and DestinationFailed or TooManyOpenFiles when it cannot be locked.
 */
export async function lockDestination(
  path: string,
  mode: 'exclusive' | 'shared' = 'exclusive',
): Promise<AsyncDisposable | undefined> {
  const directory = await open(path, directoryOnly);
  let isOurs = false;
  try {
    isOurs = await lock(directory, mode, patience);
  } catch (error) {
    throw toContentError(error);
  } finally {
    if (!isOurs) await directory.close();
  }
  return isOurs ? directory : undefined;
}

function toContentError(error: unknown): ContentError {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return new ContentError(
    code === 'EMFILE' || code === 'ENFILE' ? 'TooManyOpenFiles' : 'DestinationFailed',
    `the directory could not be locked: ${message}`,
    { cause: error },
  );
}
