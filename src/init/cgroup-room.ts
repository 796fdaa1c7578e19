/** Whether sandboxes can get their limits from cgroups here, and making room for them where that takes it. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mountOf, readMounts } from './mounts.ts';
import type { SandboxLimits } from './settings.ts';

const root = '/sys/fs/cgroup';
const leaf = join(root, 'workspace-content');

/** What is in the way of the limits, with the remedy. */
export async function makeRoomForLimits(limits: SandboxLimits): Promise<string | undefined> {
  const mounts = await readMounts();
  if (mountOf(root, mounts)?.type !== 'cgroup2') {
    return describeMissing(
      limits,
      mounts.filter(({ type }) => type === 'cgroup').flatMap(({ superOptions }) => superOptions),
    );
  }
  try {
    await leaveRoot();
    const above = dirname(await ownCgroup());
    const controllers = await readFile(join(root, above, 'cgroup.controllers'), 'utf8');
    return describeMissing(limits, controllers.trim().split(' '));
  } catch (error) {
    return `the cgroups in ${root} cannot be used, which the limits of sandboxes need (in a pod, privileged: true gives write access): ${String(error)}`;
  }
}

/**
 * In a pod with cgroups of version 2 the daemon starts at the root of what it sees. runc puts
 * sandboxes beside the daemon, so there too, and the kernel limits no group that lies in one with
 * processes of its own. So all of them move into a group beside the sandboxes'. The machine's own
 * root is excepted from that rule, and has no cgroup.type.
 */
async function leaveRoot(): Promise<void> {
  if ((await ownCgroup()) !== '/' || !existsSync(join(root, 'cgroup.type'))) return;
  await mkdir(leaf, { recursive: true });
  // What is started meanwhile is started in there, or by one that has not moved yet.
  for (let turn = 0; turn < 10; turn += 1) {
    const pids = (await readFile(join(root, 'cgroup.procs'), 'utf8')).split('\n').filter(Number);
    if (pids.length === 0) return;
    await Promise.all(pids.map(move));
  }
}

async function move(pid: string): Promise<void> {
  await writeFile(join(leaf, 'cgroup.procs'), pid).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ESRCH') throw error;
  });
}

async function ownCgroup(): Promise<string> {
  return /^0::(\/.*)$/m.exec(await readFile('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
}

function describeMissing(
  { memory, pids, cpus }: SandboxLimits,
  available: readonly string[],
): string | undefined {
  const wanted = [
    { controller: 'memory', flag: '--sandbox-memory', limit: memory },
    { controller: 'pids', flag: '--sandbox-pids', limit: pids },
    { controller: 'cpu', flag: '--sandbox-cpus', limit: cpus },
  ];
  const missing = wanted.filter(
    ({ controller, limit }) => limit > 0 && !available.includes(controller),
  );
  if (missing.length === 0) return undefined;
  const names = missing.map(({ controller }) => controller).join(', ');
  const flags = missing.map(({ flag }) => `${flag} 0`).join(' ');
  return `the cgroups here have no controller for ${names}: enable it for the daemon, or do without the limit by ${flags}`;
}
