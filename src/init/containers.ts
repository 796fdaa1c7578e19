/** Containers of runs: their names, those that are there, and taking one away with all that belongs to it. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ContentError } from '../api/errors.ts';
import { removeBundle } from './bundle.ts';
import { removeCgroups } from './cgroups.ts';
import { containerPaths, type RunEnvironment } from './environment.ts';
import { disconnectNetwork } from './network/network.ts';
import { deleteContainer } from './runc.ts';

export interface FoundContainer {
  /** Name of the container and of its bundle. */
  readonly id: string;
  /** Of the resource. */
  readonly uid: string;
}

const prefix = 'wsc-';

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
 * Ends a container and removes all that belongs to it: processes, runc's state, cgroups, mounts in the
 * bundle, the network, the bundle. Does nothing where nothing is. Throws SandboxFailed when something stays behind.
 */
export async function removeContainer(environment: RunEnvironment, id: string): Promise<void> {
  const words = await deleteContainer(environment, id);
  await removeCgroups(id);
  if (existsSync(containerPaths(environment, id).runcState)) {
    throw new ContentError(
      'SandboxFailed',
      `the container ${id} could not be removed: ${words ?? ''}`,
    );
  }
  await disconnectNetwork(environment, id);
  await removeBundle(environment, id);
}

/**
 * Removes a container that came to its end by itself: what `runc delete` would do, without the time
 * that it takes to start.
 */
export async function removeEndedContainer(environment: RunEnvironment, id: string): Promise<void> {
  await removeCgroups(id);
  await rm(containerPaths(environment, id).runcState, { recursive: true, force: true });
  await disconnectNetwork(environment, id);
  await removeBundle(environment, id);
}

/** Whether something of that name is there. */
export function containerExists(environment: RunEnvironment, id: string): boolean {
  const { bundle, runcState } = containerPaths(environment, id);
  return existsSync(runcState) || existsSync(bundle);
}
