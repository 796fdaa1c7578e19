import { realpath } from 'node:fs/promises';
import { execa } from 'execa';
import { isWithin, readMounts } from './mounts.ts';
import { assertSpawnRoom } from './spawn-room.ts';

/** Unmounts what is mounted at a directory or below it, if it is there. Throws when something stays mounted. */
export async function unmountWithin(directory: string): Promise<void> {
  const path = await realpath(directory).catch(() => undefined);
  if (path === undefined) return;
  const mounted = await mountPointsWithin(path);
  for (const each of mounted.reverse()) {
    assertSpawnRoom(3);
    await execa('umount', ['--lazy', '--no-canonicalize', '--', each]);
  }
  if (mounted.length > 0 && (await mountPointsWithin(path)).length > 0) {
    throw new Error(`${directory} is not removed, since something is still mounted in it`);
  }
}

async function mountPointsWithin(path: string): Promise<string[]> {
  const mounts = await readMounts();
  return mounts.map((mount) => mount.path).filter((each) => isWithin(each, path));
}
