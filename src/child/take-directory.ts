import { chmod, chown, constants, open } from 'node:fs/promises';
import { errorCode } from './fs-errors.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Who may do what with a directory. */
export interface Access extends Owner {
  /** Permission bits. */
  readonly mode: number;
}

/** Linux's own; Node does not name it. What is opened so need not be readable. */
const pathOnly = 0o10000000;

/** Gives a directory, but nothing in it, to the owner, who may do everything in it. Throws as `changeAccess`. */
export async function takeDirectory(path: string, owner: Owner): Promise<void> {
  await changeAccess(path, ({ mode }) => ({ ...owner, mode: mode | 0o700 }));
}

/** Throws ENOTDIR for a link, also for one that took the directory's place a moment ago. */
export async function changeAccess(
  path: string | Buffer,
  change: (found: Access) => Access,
): Promise<void> {
  const { O_DIRECTORY, O_NOFOLLOW } = constants;
  await using directory = await open(path, pathOnly | O_DIRECTORY | O_NOFOLLOW);
  // A path to what is open, wherever its name leads by now.
  const opened = `/proc/self/fd/${directory.fd}`;
  const found = accessOf(await directory.stat());
  const { uid, gid, mode } = change(found);
  try {
    if (found.uid !== uid || found.gid !== gid) await chown(opened, uid, gid);
    if (found.mode !== mode) await chmod(opened, mode);
  } catch (error) {
    throw named(error, opened, path);
  }
}

/** The same error with the name that people know. */
function named(error: unknown, opened: string, path: string | Buffer): unknown {
  if (!(error instanceof Error)) return error;
  const message = error.message.replace(opened, path.toString());
  return Object.assign(new Error(message, { cause: error }), { code: errorCode(error) });
}

export function accessOf({ uid, gid, mode }: Access): Access {
  return { uid, gid, mode: mode & 0o7777 };
}
