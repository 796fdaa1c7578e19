/** A node with object storage: attempts by the real engine, the bundled child, runc and an S3 server. */
import { fileURLToPath } from 'node:url';
import { contentservice } from '../../src/api/initializer.generated.js';
import type { InitializerMessage } from '../../src/api/initializer.ts';
import type { ContentProgress, IdMapping } from '../../src/api/protocol.ts';
import type { AttemptResult } from '../../src/controller/engine.ts';
import { createNodeEngine } from '../../src/controller/node-engine.ts';
import type { StorageConfig } from '../../src/storage/config.ts';
import {
  createSandboxHarness,
  freshUid,
  type SandboxHarness,
} from '../init/support/sandbox-harness.ts';
import { type ObjectStore, startObjectStore } from '../object-store/index.ts';
import { storageOf, storeConfig } from '../storage/support.ts';
import { createTempDir, type TempDir } from './temp.ts';

const childDir = fileURLToPath(new URL('../../dist/child', import.meta.url));

/** Those of the original. */
const idMappings: readonly IdMapping[] = [
  { containerID: 0, hostID: 33333, size: 1 },
  { containerID: 1, hostID: 100000, size: 65534 },
];

/** Where the store keeps the backup of the workspace that all attempts are for. */
export const backupPlace = ['gitpod-user-amy', 'workspaces/one/full.tar'] as const;

export interface AttemptChanges {
  /** Name of the directory; that of an earlier attempt gives the same one. */
  readonly name?: string;
  readonly cleanSlate?: boolean;
  readonly storage?: StorageConfig;
  /** Instead of the original's. */
  readonly idMappings?: readonly IdMapping[];
  readonly progress?: ContentProgress[];
  readonly signal?: AbortSignal;
}

export interface ContentNode extends AsyncDisposable {
  readonly harness: SandboxHarness;
  readonly store: ObjectStore;
  readonly storage: StorageConfig;
  /** For what tests make archives of. */
  readonly temp: TempDir;
  where(name: string): string;
  /** Throws what the attempt failed with. */
  attempt(
    initializer: InitializerMessage,
    changes?: AttemptChanges,
  ): Promise<AttemptResult & { readonly where: string }>;
}

export async function startContentNode(): Promise<ContentNode> {
  const [store, temp] = await Promise.all([startObjectStore(), createTempDir('wsc-node-')]);
  const harness = await createSandboxHarness({ childDir });
  const storage = storageOf(await storeConfig(store));
  await store.createBucket('snapshots');
  await store.createBucket(backupPlace[0]);
  let made = 0;
  const where = (name: string): string => `${harness.dataRoot}/tests/${name}`;
  return {
    ...{ harness, store, storage, temp, where },
    async attempt(initializer, changes = {}) {
      made += 1;
      const { name = `content-${made}`, cleanSlate = false } = changes;
      const engine = createNodeEngine(
        harness.dataRoot,
        harness.environment,
        changes.storage ?? storage,
      );
      const destination = await harness.destination(name);
      const plan = {
        initializer: contentservice.WorkspaceInitializer.encode(initializer).finish(),
        secrets: [],
        idMappings: changes.idMappings ?? idMappings,
        ...{ runAsUser: 33333, runAsGroup: 33333, namespace: 'tests', timeoutMs: 60_000 },
        owner: { owner: 'amy', workspaceID: 'one', instanceID: 'i' },
      };
      const result = await engine.run(
        { uid: freshUid(), attempt: 1, destination, cleanSlate, plan },
        {
          signal: changes.signal ?? new AbortController().signal,
          onProgress: (progress) => changes.progress?.push(progress),
        },
      );
      return { ...result, where: destination };
    },
    async [Symbol.asyncDispose]() {
      await harness[Symbol.asyncDispose]();
      await store.stop();
      await temp.remove();
    },
  };
}
