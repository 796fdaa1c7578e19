import { chmod, lchown, lstat, readdir, rm } from 'node:fs/promises';
import { errorCode } from './fs-errors.ts';

/** A file system's own directory for what a check of it finds; it is not content. */
export const lostAndFound = 'lost+found';

/**
 * Removes what is in the destination, never the destination itself: a quota may hang on it. Follows no
 * links, and copes with directories that an earlier attempt left without write permission.
 */
export async function cleanSlate(destination: string, signal: AbortSignal): Promise<void> {
  for (const name of await readdir(destination, { encoding: 'buffer' })) {
    if (name.equals(Buffer.from(lostAndFound))) continue;
    signal.throwIfAborted();
    await removeTree(below(destination, name));
  }
}

/** Removes a file, a link or a whole directory; one that is not there is fine. */
export async function removeTree(path: string | Buffer): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes(errorCode(error) ?? '')) throw error;
    await openDirectories(path);
    await rm(path, { recursive: true, force: true });
  }
}

/** Gives this process access to every directory of a tree, the outer ones first. */
async function openDirectories(path: string | Buffer): Promise<void> {
  const found = await lstat(path);
  if (!found.isDirectory()) return;
  const uid = process.getuid?.() ?? found.uid;
  if (found.uid !== uid) await lchown(path, uid, process.getgid?.() ?? found.gid);
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { withFileTypes: true, encoding: 'buffer' })) {
    if (entry.isDirectory()) await openDirectories(below(path, entry.name));
  }
}

/** Names in an archive are bytes, which need not be UTF-8. */
function below(path: string | Buffer, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(path), Buffer.from('/'), name]);
}
