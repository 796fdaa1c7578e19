import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { listContainers, removeContainer } from '../init/containers.ts';
import type { RunEnvironment } from '../init/environment.ts';
import { tryEach } from '../init/try-each.ts';
import { whileUnshared } from './state-lock.ts';

/**
 * Ends and removes what calls of `wscontent run` left in the state directory that were killed, and
 * answers their directories. While such a call is at work nothing is touched; the next life looks again.
 * Throws when some of it stays, after all the rest is gone, or soon after the signal is aborted.
 */
export async function removeDeadRuns(
  environment: RunEnvironment,
  signal?: AbortSignal,
): Promise<string[]> {
  const folder = join(environment.stateDir, 'run');
  const removed: string[] = [];
  await whileUnshared(environment.stateDir, async () => {
    await tryEach(await readdir(folder).catch(() => []), async (name) => {
      const stateDir = join(folder, name);
      const own = { ...environment, stateDir };
      await tryEach(await listContainers(own), async ({ id }) => {
        signal?.throwIfAborted();
        await removeContainer(own, id, { signal });
      });
      await rm(stateDir, { recursive: true, force: true });
      removed.push(stateDir);
    });
    await rm(folder, { recursive: true, force: true });
  });
  return removed;
}
