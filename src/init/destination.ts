/** The directory on the node that a resource's content goes to. */
import { constants } from 'node:fs';
import { lstat, mkdir, open, opendir, rmdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentError, type ErrorReason } from '../api/errors.ts';
import { reasonOfErrno } from '../api/os-errors.ts';
import { destinationNames } from './destination-path.ts';

/** Disposing of it gives its lock back. */
export interface PreparedDestination extends AsyncDisposable {
  readonly path: string;
  /** Whether it was not there before. */
  readonly created: boolean;
  /** Removes the directories that were made, as far as they are still empty. Never touches content. */
  undo(): Promise<void>;
}

/**
 * Keeps others from a directory until it is disposed of, or when it is shared those who want it for
 * themselves; undefined when one of them has it.
 */
export type LockDirectory = (
  path: string,
  mode: 'exclusive' | 'shared',
) => Promise<AsyncDisposable | undefined>;

export interface DestinationOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Never through a symbolic link, not even one that took the directory's place a moment ago. */
const directoryOnly = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Another resource may just be undoing a directory that stands above both of theirs, or another process this one. */
const attempts = 5;

/**
 * Makes the directory `hostPath`, which must lie below `<dataRoot>/<namespace>/`, with what is missing
 * above it. A directory that was made or that is empty is given to the owner. One that holds something
 * is left as it is: whether it may be used is the caller's decision, and a run takes it over itself.
 *
 * Every directory from the data root down to the destination's parent must belong to the daemon's user
 * and be writable by nobody else. So nobody can swap one of them for a link between this check and the
 * mount, and no destination lies inside another resource's content, whose owner could do just that.
 *
 * With `lock` it is locked before anything in it is looked at or changed. Directories between it and the
 * namespace's are shared meanwhile, so that nobody is at work above it.
 *
 * Throws PathNotAllowed, PathInUse when another has the lock, and what is wrong with the node:
 * DestinationFull, TooManyOpenFiles, ...
 */
export async function prepareDestination(
  dataRoot: string,
  namespace: string,
  hostPath: string,
  owner: DestinationOwner,
  lock?: LockDirectory,
): Promise<PreparedDestination> {
  const { root, names } = destinationNames(dataRoot, namespace, hostPath);
  const made: string[] = [];
  const undo = async (): Promise<void> => await removeEmpty(made);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await mkdir(root, { recursive: true, mode: 0o755 });
      const held = await makeDirectories(root, names, owner, made, lock);
      const release = async (): Promise<void> => await held.disposeAsync();
      const created = made.includes(hostPath);
      return { path: hostPath, created, undo, [Symbol.asyncDispose]: release };
    } catch (error) {
      // Whoever has it is at work in it, although it may have been made here.
      if (!(error instanceof ContentError && error.reason === 'PathInUse')) await undo();
      if (codeOf(error) !== 'ENOENT' || attempt === attempts) {
        throw toDestinationError(error, hostPath);
      }
      made.length = 0;
    }
  }
}

/**
 * Whether there is nothing in a directory but the lost+found of its file system. Throws as
 * `prepareDestination`.
 */
export async function isEmptyDestination(path: string): Promise<boolean> {
  try {
    return await holdsNothing(path);
  } catch (error) {
    throw toDestinationError(error, path);
  }
}

/**
 * Gives a destination, but nothing in it, to the run's user, since the sandbox could not: root of the
 * node means nothing there. Throws as `prepareDestination`.
 */
export async function takeOwnership(path: string, { uid, gid }: DestinationOwner): Promise<void> {
  try {
    await using directory = await open(path, directoryOnly);
    const found = await directory.stat();
    if (found.uid !== uid || found.gid !== gid) await directory.chown(uid, gid);
  } catch (error) {
    throw toDestinationError(error, path);
  }
}

/** Paths of directories that were made are added to `made`, the topmost first. Answers with the locks. */
async function makeDirectories(
  root: string,
  names: readonly string[],
  owner: DestinationOwner,
  made: string[],
  lock: LockDirectory | undefined,
): Promise<AsyncDisposableStack> {
  await using held = new AsyncDisposableStack();
  let path = root;
  let directory = await open(root, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (const [depth, name] of names.entries()) {
      await assertOurs(directory, path);
      path = join(path, name);
      const next = await enter(directory, name, path, made);
      await directory.close();
      directory = next;
      // The first is the namespace's, which is nobody's destination.
      if (lock === undefined || depth === 0) continue;
      const mode = depth === names.length - 1 ? 'exclusive' : 'shared';
      held.use(await lockOrRefuse(directory, path, lock, mode));
      await assertIsAt(directory, path);
    }
    if (made.includes(path) || (await holdsNothing(throughHandle(directory)))) {
      await directory.chown(owner.uid, owner.gid);
    }
    return held.move();
  } finally {
    await directory.close();
  }
}

async function lockOrRefuse(
  directory: FileHandle,
  path: string,
  lock: LockDirectory,
  mode: 'exclusive' | 'shared',
): Promise<AsyncDisposable> {
  const held = await lock(`${throughHandle(directory)}/.`, mode);
  if (held !== undefined) return held;
  throw new ContentError(
    'PathInUse',
    `another process on this node (a wscontent run, a second daemon, or a program that has locked the directory) is at work in ${path}`,
  );
}

/** Throws ENOENT when whoever had the lock before has removed the directory. */
async function assertIsAt(directory: FileHandle, path: string): Promise<void> {
  const [own, found] = await Promise.all([directory.stat(), lstat(path)]);
  if (own.ino === found.ino && own.dev === found.dev) return;
  throw Object.assign(new Error(`${path} is another directory by now`), { code: 'ENOENT' });
}

async function holdsNothing(path: string): Promise<boolean> {
  for await (const entry of await opendir(path)) {
    if (entry.name !== 'lost+found') return false;
  }
  return true;
}

async function enter(
  directory: FileHandle,
  name: string,
  path: string,
  made: string[],
): Promise<FileHandle> {
  const place = `${throughHandle(directory)}/${name}`;
  let isNew = true;
  await mkdir(place, { mode: 0o755 }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
    isNew = false;
  });
  if (isNew) made.push(path);
  const next = await open(place, directoryOnly).catch((error: unknown) => {
    throw toDestinationError(error, path);
  });
  // Whatever the daemon's umask is.
  if (isNew) await next.chmod(0o755);
  return next;
}

/** Throws PathNotAllowed unless only the daemon may change the directory. */
export async function assertOurs(directory: FileHandle, path: string): Promise<void> {
  const { uid, mode } = await directory.stat();
  if (uid === process.geteuid?.() && (mode & 0o022) === 0) return;
  throw new ContentError(
    'PathNotAllowed',
    `${path} may be changed by others than the daemon (owner ${uid}, mode ${(mode & 0o7777).toString(8)}), so no destination can lie in it`,
  );
}

/** Deepest first; stops at what is not empty. */
async function removeEmpty(paths: readonly string[]): Promise<void> {
  for (const path of paths.toReversed()) {
    const removed = await rmdir(path).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

/** A path to what is open, wherever its name leads by now. */
function throughHandle(directory: FileHandle): string {
  return `/proc/self/fd/${directory.fd}`;
}

/** What a failure of the file system means for a destination, in words that name its path. */
export function toDestinationError(error: unknown, path: string): ContentError {
  if (error instanceof ContentError) return error;
  const code = codeOf(error);
  const [reason, what] = causes[code] ?? [
    reasonOfErrno(code) ?? 'DestinationFailed',
    `could not be used: ${code}`,
  ];
  return new ContentError(reason, `${path} ${what}`, { cause: error });
}

const causes: Readonly<Record<string, readonly [ErrorReason, string] | undefined>> = {
  ELOOP: ['PathNotAllowed', 'is a symbolic link'],
  ENOTDIR: ['PathNotAllowed', 'is a symbolic link or a file, not a directory'],
  ENAMETOOLONG: ['PathNotAllowed', 'has a name that the file system finds too long'],
  ENOSPC: ['DestinationFull', 'could not be made: no space is left'],
  EDQUOT: ['DestinationFull', 'could not be made: the quota is used up'],
  EROFS: ['DestinationReadOnly', 'could not be made: the file system is read-only'],
  EIO: ['DestinationBroken', 'could not be used: its disk reports an error'],
  ESTALE: ['DestinationBroken', 'could not be used: its file server does not know it any more'],
  ENOTCONN: ['DestinationBroken', 'could not be used: the program that serves it has ended'],
  EACCES: ['DestinationFailed', 'could not be used: the daemon has no right to'],
  // The daemon has none left; ENFILE is the node's.
  EMFILE: ['TooManyOpenFiles', 'could not be opened: the daemon has too many open files'],
  ENOENT: ['DestinationFailed', 'is not there'],
};

function codeOf(error: unknown): string {
  const cause = error instanceof ContentError ? error.cause : error;
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? String(cause);
}
