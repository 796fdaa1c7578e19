/** Containers of runs: their names, those that are there, and taking one away with all that belongs to it. */
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ContentError } from '../api/errors.ts';
import { isRecord } from '../api/record.ts';
import { removeBundle } from './bundle.ts';
import { killInCgroups, removeCgroups } from './cgroups.ts';
import { containerPaths, type RunEnvironment } from './environment.ts';
import { disconnectNetwork } from './network/network.ts';
import type { ProgramLimits } from './program.ts';
import { deleteContainer } from './runc.ts';
import { unmountWithin } from './unmount.ts';

export interface FoundContainer {
  /** Name of the container and of its bundle. */
  readonly id: string;
  /** Of the resource. */
  readonly uid: string;
}

const prefix = 'wsc-';

/** For removing one while somebody waits; what stays is removed at the next look at the node. */
export const hasty: Partial<ProgramLimits> = { timeoutMs: 1500 };

/** The container of a resource. Throws InternalError for a uid that is none. */
export function containerId(uid: string): string {
  if (!/^[a-z0-9]([a-z0-9-]{0,126}[a-z0-9])?$/.test(uid)) {
    throw new ContentError('InternalError', `${JSON.stringify(uid)} is not the uid of a resource`);
  }
  return `${prefix}${uid}`;
}

/** Containers and bundles that are there, of runs that go on and of an earlier life of the daemon. */
export async function listContainers(
  environment: Pick<RunEnvironment, 'stateDir'>,
): Promise<FoundContainer[]> {
  const { bundle, runcState } = containerPaths(environment, '-');
  const names = await Promise.all(
    [dirname(bundle), dirname(runcState)].map(async (directory) => {
      try {
        return await readdir(directory);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    }),
  );
  return [...new Set(names.flat())]
    .filter((name) => name.startsWith(prefix))
    .map((id) => ({ id, uid: id.slice(prefix.length) }));
}

/**
 * Ends a container and removes all that belongs to it: processes, mounts, runc's state, cgroups, the
 * network, the bundle. Does nothing where nothing is. Throws SandboxFailed when something stays
 * behind; the bundle is the record of it and stays as well.
 */
export async function removeContainer(
  environment: RunEnvironment,
  id: string,
  options: Partial<ProgramLimits> = {},
): Promise<void> {
  // runc may hang, and is slow to give up on processes that were not killed before.
  await killInCgroups(environment, id);
  await unmountState(environment, id);
  const words = await deleteContainer(environment, id, options);
  const hasEnded = await removeCgroups(environment, id);
  if (hasEnded || (await isStateDamaged(environment, id))) await removeState(environment, id);
  const { runcState } = containerPaths(environment, id);
  if (existsSync(runcState)) {
    const why = words ?? `runc delete told of no error, but ${runcState} is still there`;
    throw new ContentError('SandboxFailed', `the container ${id} could not be removed: ${why}`);
  }
  await disconnectNetwork(environment, id, options);
  await removeBundle(environment, id);
}

/**
 * Removes a container that came to its end by itself: what `runc delete` would do, without the time
 * that it takes to start.
 */
export async function removeEndedContainer(
  environment: RunEnvironment,
  id: string,
  options: Partial<ProgramLimits> = {},
): Promise<void> {
  await removeCgroups(environment, id);
  await removeState(environment, id);
  await disconnectNetwork(environment, id, options);
  await removeBundle(environment, id);
}

/**
 * runc does not sync what it writes, so a power loss leaves it empty or cut; runc then refuses to remove it.
 * Nothing else is known by it: processes, mounts and network of the container are found without.
 */
async function isStateDamaged(environment: RunEnvironment, id: string): Promise<boolean> {
  const { runcState } = containerPaths(environment, id);
  const text = await readFile(join(runcState, 'state.json'), 'utf8').catch(() => undefined);
  return text !== undefined && !isObject(text);
}

/**
 * runc before 1.2 mounts itself in its state, in the daemon's own mount namespace, for as long as it takes to
 * open itself there. One that is killed meanwhile leaves the mount, and no runc removes what is mounted.
 */
async function unmountState(environment: RunEnvironment, id: string): Promise<void> {
  await unmountWithin(containerPaths(environment, id).runcState);
}

async function removeState(environment: RunEnvironment, id: string): Promise<void> {
  await unmountState(environment, id);
  await rm(containerPaths(environment, id).runcState, { recursive: true, force: true });
}

function isObject(text: string): boolean {
  try {
    return isRecord(JSON.parse(text));
  } catch {
    return false;
  }
}

/** Whether something of that name is there. */
export function containerExists(environment: RunEnvironment, id: string): boolean {
  const { bundle, runcState } = containerPaths(environment, id);
  return existsSync(runcState) || existsSync(bundle);
}
