import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rmdir } from 'node:fs/promises';
import { ExecaError } from 'execa';
import { ContentError } from '../api/errors.ts';
import { createCleaner } from '../init/clean.ts';
import { destinationNames } from '../init/destination-path.ts';
import { assertOurs, isEmptyDestination } from '../init/destination.ts';
import { clearDirectory } from './clear-directory.ts';
import { lockDestination } from './destination-lock.ts';

export interface RemovalOrder {
  readonly dataRoot: string;
  readonly namespace: string;
  /** Absolute. */
  readonly path: string;
}

const directoryOnly = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const longestMessage = 500;

/**
 * Removes a directory of a namespace with all that is in it. It is reached from the data root by
 * handles, through directories that only the daemon may change, and never through a link. What is
 * not there is no error, and a mount point stays, empty. Throws DeletionFailed.
 */
export async function removeDirectory(
  { dataRoot, namespace, path }: RemovalOrder,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { root, names } = destinationNames(dataRoot, namespace, path);
    await using parent = await ifThere(openParent(root, names));
    if (parent === undefined) return;
    const place = `/proc/self/fd/${parent.fd}/${names.at(-1) ?? ''}`;
    await using directory = await ifThere(open(place, directoryOnly));
    if (directory === undefined) return;
    // So that no other process begins to work in it. Any program may have locked it: that is no reason to stay.
    await using _ = await lockDestination(`/proc/self/fd/${directory.fd}/.`).catch(() => undefined);
    // Here ENOENT is that of the program which clears it: nothing was removed then.
    await clearDirectory(`/proc/${process.pid}/fd/${directory.fd}`, signal);
    await ifThere(rmdir(place)).catch(async (error: unknown) => {
      // A quota hangs on a mount point, and lost+found is its file system's.
      if (!(await isEmptyDestination(`/proc/self/fd/${directory.fd}`))) throw error;
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ContentError('DeletionFailed', `${path} could not be removed: ${describe(error)}`, {
      cause: error,
    });
  }
}

/** Whether a directory is there, and no link to one. Throws when the file system does not say. */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return false;
    throw error;
  }
}

/** Undefined for what is not there. */
async function ifThere<T>(opening: Promise<T>): Promise<T | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function openParent(root: string, names: readonly string[]): Promise<FileHandle> {
  let path = root;
  let directory = await open(root, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (const name of names.slice(0, -1)) {
      await assertOurs(directory, path);
      path = `${path}/${name}`;
      const next = await open(`/proc/self/fd/${directory.fd}/${name}`, directoryOnly);
      await directory.close();
      directory = next;
    }
    await assertOurs(directory, path);
    return directory;
  } catch (error) {
    await directory.close();
    throw error;
  }
}

/** The words of find hold names that anybody may have chosen. */
function describe(error: unknown): string {
  if (error instanceof ContentError) return error.message;
  const code = codeOf(error);
  if (code === 'ENOTDIR' || code === 'ELOOP') return 'it is a symbolic link or a file';
  if (error instanceof ExecaError) {
    const { stderr, originalMessage } = error as ExecaError<{ encoding: 'utf8' }>;
    return createCleaner([]).line(stderr || originalMessage || error.message, longestMessage);
  }
  return code || createCleaner([]).line(String(error), longestMessage);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
