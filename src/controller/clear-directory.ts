import { execa } from 'execa';
import { assertNothingMountedIn } from '../init/mounts-below.ts';
import { assertSpawnRoom } from '../init/spawn-room.ts';

/**
 * Removes all that is in a directory but the lost+found of its file system, and not the directory
 * itself, on which a quota may hang. What is in it is hostile: find holds on to the directories that
 * it walks, so that nobody can lead it elsewhere by a link, and it stays on this file system.
 * Throws when something is left, and before anything is removed when something is mounted in it.
 */
export async function clearDirectory(path: string, signal: AbortSignal): Promise<void> {
  await assertNothingMountedIn(path);
  const lostAndFound = ['(', '-path', './lost+found', '-o', '-path', './lost+found/*', ')'];
  assertSpawnRoom(1);
  await execa('find', ['.', '-xdev', '-mindepth', '1', '!', ...lostAndFound, '-delete'], {
    cwd: path,
    cancelSignal: signal,
    // It has nothing to bring in order, and may be stuck in a slow disk.
    killSignal: 'SIGKILL',
    stdin: 'ignore',
    stdout: 'ignore',
    // Only the error's message is read of it.
    maxBuffer: 10_000,
  });
}
