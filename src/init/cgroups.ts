/** A container's cgroups: which limits they tell of, and removing them, whatever runc wrote down. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rmdir } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ContentError } from '../api/errors.ts';
import type { RunEnvironment } from './environment.ts';
import { isWithin, readMounts, type MountPoint } from './mounts.ts';

/** Limits that a container came up against. */
export interface ReachedLimits {
  /** A process was killed, since there was no memory for it. */
  readonly memory: boolean;
  /** A process or thread could not be started. */
  readonly pids: boolean;
}

type Node = Pick<RunEnvironment, 'stateDir'>;

/** What was killed takes a moment to end. */
const attempts = 40;
const pauseMs = 25;

/**
 * Of a container: such as wsc-0a1b2c3d4e5f-<uid> for wsc-<uid>. The state directory tells apart two daemons, or
 * a daemon and a `wscontent run`, that make content for one uid.
 */
export function cgroupName({ stateDir }: Node, id: string): string {
  const hash = createHash('sha256').update(resolve(stateDir)).digest('hex').slice(0, 12);
  return id.replace(/^wsc-/, `wsc-${hash}-`);
}

/**
 * Asks the cgroups of a container, which may have ended but not been removed. What cannot be read tells
 * of nothing: it is no reason for a run to fail.
 */
export async function readReachedLimits(node: Node, id: string): Promise<ReachedLimits> {
  const directories = await findCgroups(node, id).catch(() => []);
  const isCounted = async (file: string, counter: RegExp): Promise<boolean> => {
    const texts = await Promise.all(
      directories.map(async (each) => await readFile(join(each, file), 'utf8').catch(() => '')),
    );
    return texts.some((text) => Number(counter.exec(text)?.[1] ?? 0) > 0);
  };
  // Versions 1 and 2 have one file each for memory, and the same one for pids.
  const [memory1, memory2, pids] = await Promise.all([
    isCounted('memory.oom_control', /^oom_kill (\d+)$/m),
    isCounted('memory.events', /^oom_kill (\d+)$/m),
    isCounted('pids.events', /^max (\d+)$/m),
  ]);
  return { memory: memory1 || memory2, pids };
}

/** Kills what runs in the container's cgroups. What cannot be killed shows when they are removed. */
export async function killInCgroups(node: Node, id: string): Promise<void> {
  const directories = await findCgroups(node, id).catch(() => []);
  await Promise.all(directories.map(killAllIn));
}

/**
 * Ends what runs in the container's cgroups and removes them. Answers whether there were any: then nothing
 * of the container runs any more. Throws SandboxFailed when one of them stays.
 */
export async function removeCgroups(node: Node, id: string): Promise<boolean> {
  const directories = await findCgroups(node, id);
  const outcomes = await Promise.all(directories.map(removeCgroup));
  const kept = directories.find((_, index) => outcomes[index] === 'kept');
  if (kept !== undefined) throw new ContentError('SandboxFailed', await describeKept(kept));
  return outcomes.includes('removed');
}

async function findCgroups(node: Node, id: string): Promise<string[]> {
  const membership = await readFile('/proc/self/cgroup', 'utf8');
  return [...new Set(cgroupDirectories(cgroupName(node, id), membership, await readMounts()))];
}

/**
 * Where runc puts the cgroups of a container whose cgroupsPath is a mere name: below the daemon's own in
 * hierarchies of version 1, beside it in version 2. Formats: cgroups(7).
 */
export function cgroupDirectories(
  name: string,
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
          .map((path) => join(mount.path, relative(mount.root, path), name)),
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

async function removeCgroup(directory: string): Promise<'absent' | 'removed' | 'kept'> {
  if (!existsSync(directory)) return 'absent';
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (attempt > 0) await delay(pauseMs);
    await killAllIn(directory);
    await rmdir(directory).catch(() => undefined);
    if (!existsSync(directory)) return 'removed';
  }
  return 'kept';
}

async function describeKept(directory: string): Promise<string> {
  const pids = await pidsIn(directory);
  const why =
    pids.length === 0
      ? ''
      : `: ${pids.length === 1 ? 'process' : 'processes'} ${pids.join(', ')} cannot be killed, most likely since a disk or a file system hangs`;
  return `the cgroup ${directory} could not be removed${why}`;
}

async function killAllIn(directory: string): Promise<void> {
  for (const pid of await pidsIn(directory)) kill(pid);
}

async function pidsIn(directory: string): Promise<number[]> {
  const text = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
