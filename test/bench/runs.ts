/** Runs of the engine without a cluster, for the cases that measure the sandbox itself. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { planContent } from '../../src/api/plan.ts';
import { parseResource } from '../../src/api/resource.ts';
import { prepareDestination } from '../../src/init/destination.ts';
import { createRunEnvironment, runInitializer } from '../../src/init/run.ts';

export interface Runner {
  /** Fills a new directory; returns its path. */
  run(initializer: object): Promise<string>;
  /** A new, empty directory beside those that `run` fills. */
  emptyDirectory(): Promise<string>;
}

export async function createRunner(dir: string): Promise<Runner> {
  const dataRoot = join(dir, 'data');
  const environment = createRunEnvironment({ stateDir: join(dir, 'state') });
  const { signal } = new AbortController();
  return {
    async run(initializer) {
      const name = randomUUID();
      const resource = parseResource({
        metadata: { namespace: 'bench', name, uid: name },
        spec: { nodeName: 'bench', initializer },
      });
      const { runAsUser, runAsGroup, ...plan } = planContent(resource, new Map());
      const destination = join(dataRoot, 'bench', name);
      await prepareDestination(dataRoot, 'bench', destination, { uid: runAsUser, gid: runAsGroup });
      await runInitializer(
        { ...plan, uid: name, attempt: 1, destination, runAsUser, runAsGroup, cleanSlate: false },
        environment,
        { signal },
      );
      return destination;
    },
    async emptyDirectory() {
      const path = join(dataRoot, 'bench', `plain-${randomUUID()}`);
      await mkdir(path, { recursive: true });
      return path;
    },
  };
}

export async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
