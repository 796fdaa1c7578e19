/** Removing a container's cgroups when runc was killed before it wrote down where they are. */
import { readdir, readFile, rmdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isWithin, readMounts, type MountPoint } from './mounts.ts';

/** Ends what runs in the container's cgroups and removes them. What is not there is no error. */
export async function removeCgroups(id: string): Promise<void> {
  const membership = await readFile('/proc/self/cgroup', 'utf8');
  const candidates = cgroupDirectories(id, membership, await readMounts());
  await Promise.all(candidates.map(removeCgroup));
}

/**
 * Where runc puts the cgroups of a container without a cgroupsPath: below the daemon's own in
 * hierarchies of version 1, beside it in version 2. Formats: cgroups(7).
 */
export function cgroupDirectories(
  id: string,
  membership: string,
  mounts: readonly MountPoint[],
): string[] {
  return membership.split('\n').flatMap((line) => {
    const [, controllers, own] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || own === undefined) return [];
    return mounts
      .filter((mount) => isHierarchy(mount, controllers) && isWithin(own, mount.root))
      .flatMap((mount) =>
        [own, dirname(own)]
          .filter((path) => isWithin(path, mount.root))
          .map((path) => join(mount.path, relative(mount.root, path), id)),
      );
  });
}

function isHierarchy(mount: MountPoint, controllers: string): boolean {
  if (controllers === '') return mount.type === 'cgroup2';
  return (
    mount.type === 'cgroup' &&
    controllers.split(',').every((controller) => mount.superOptions.includes(controller))
  );
}

async function removeCgroup(directory: string): Promise<void> {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const entries = await readdir(directory).catch(() => undefined);
    if (entries === undefined) return;
    const pids = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '');
    for (const pid of pids
      .split('\n')
      .map(Number)
      .filter((each) => each > 0))
      kill(pid);
    await rmdir(directory).catch(() => {});
    await delay(25);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
