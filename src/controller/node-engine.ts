import { join } from 'node:path';
import { ContentError } from '../api/errors.ts';
import { decodeInitializer } from '../api/initializer.ts';
import { containerId, listContainers, removeContainer } from '../init/containers.ts';
import { destinationNames } from '../init/destination-path.ts';
import { isEmptyDestination, prepareDestination } from '../init/destination.ts';
import type { RunEnvironment } from '../init/environment.ts';
import { assertNothingMountedIn } from '../init/mounts-below.ts';
import { findProblems } from '../init/preflight.ts';
import { runInitializer } from '../init/run.ts';
import { tryEach } from '../init/try-each.ts';
import { collectRemoteContent } from '../storage/collect.ts';
import type { StorageConfig } from '../storage/config.ts';
import { clearDirectory } from './clear-directory.ts';
import { lockDestination } from './destination-lock.ts';
import { isDirectory, removeDirectory } from './remove-directory.ts';
import { removeDeadRuns } from './dead-runs.ts';
import type { Engine } from './engine.ts';
import { readFinished } from './finished-content.ts';
import { isUntouched } from './untouched.ts';
import { Strays } from './strays.ts';

/** The engine that runs attempts in sandboxes on this node, with the object stores that it may use. */
export function createNodeEngine(
  dataRoot: string,
  environment: RunEnvironment,
  storageConfig?: StorageConfig,
): Engine {
  const strays = new Strays(environment);
  /** Until then what an earlier life left is recovery's business. */
  let reaped = false;
  return {
    destinationOf({ namespace, name, spec }) {
      const hostPath = spec.hostPath ?? join(dataRoot, namespace, name);
      destinationNames(dataRoot, namespace, hostPath);
      return hostPath;
    },
    async prepare({ namespace, spec }, destination, cleanSlate) {
      const owner = { uid: spec.runAsUser, gid: spec.runAsGroup };
      await using stack = new AsyncDisposableStack();
      const prepared = stack.use(
        await prepareDestination(dataRoot, namespace, destination, owner, lockDestination),
      );
      if (cleanSlate) await assertNothingMountedIn(destination);
      stack.move();
      return prepared;
    },
    lock: lockDestination,
    isEmpty: isEmptyDestination,
    isThere: isDirectory,
    isUntouched,
    async remove(namespace, destination, signal) {
      await removeDirectory({ dataRoot, namespace, path: destination }, signal);
    },
    async run({ plan: { namespace, storage, timeoutMs, ...plan }, ...request }, options) {
      const started = environment.now();
      using stack = new DisposableStack();
      stack.use(await strays.keep(request.uid));
      const remoteContent = await collectRemoteContent(
        {
          initializer: decodeInitializer(plan.initializer),
          owner: plan.owner,
          namespace,
          storeName: storage,
          timeoutMs,
        },
        storageConfig,
        options.signal,
      );
      const { report } = await runInitializer(
        { ...plan, ...request, remoteContent },
        environment,
        options,
      );
      return { report, duration: Math.round((environment.now() - started) * 1e6) };
    },
    finished: readFinished,
    clear: clearDirectory,
    async reap(uid) {
      const found =
        uid === undefined
          ? (await listContainers(environment)).map(({ id }) => id)
          : [containerId(uid)];
      await tryEach(found, async (id) => await removeContainer(environment, id));
      if (uid !== undefined) return found;
      reaped = true;
      return [...found, ...(await removeDeadRuns(environment))];
    },
    async check(signal) {
      const problems = await findProblems(environment, dataRoot, signal);
      signal?.throwIfAborted();
      const [first] = problems;
      if (first === undefined) {
        if (reaped) await strays.remove();
        return;
      }
      const all = problems.map(({ message }) => message).join('; ');
      throw new ContentError(first.reason, all);
    },
  };
}
