import { ContentError } from '../api/errors.ts';
import type { InitializerMessage } from '../api/initializer.ts';
import { nearest } from '../api/nearest.ts';
import type { ContentOwner } from '../api/protocol.ts';
import { defaultBackup, type StoredDownload } from '../api/remote-content.ts';
import { mapBounded } from './bounded.ts';
import type { StorageConfig, StoreConfig } from './config.ts';
import { realStorageEnvironment, type StorageEnvironment } from './environment.ts';
import { backupLocation, fillTemplate, parseSnapshotName } from './location.ts';
import { openStore, type OpenStore } from './store.ts';
import { findWanted, type Wanted, type WantedSnapshot } from './wanted.ts';

export interface CollectRequest {
  readonly initializer: InitializerMessage;
  readonly owner: ContentOwner;
  /** Of the resource. */
  readonly namespace: string;
  /** spec.storage; the configuration's default else. */
  readonly storeName?: string | undefined;
  /** Of the attempt, milliseconds: the signed URLs outlive it. */
  readonly timeoutMs: number;
}

/**
 * Looks up and signs what a run needs from object storage: the owner's backup of the workspace under
 * `defaultBackup`, else each snapshot in the tree under its name. A backup wins over every
 * initializer, so that where there is one nothing else is looked up.
 *
 * Without a configuration (undefined) there are no backups. Throws ContentError: SnapshotNotFound and
 * BackupNotFound with their step, StorageUnavailable, StorageRefused, InvalidSpec; or the signal's reason.
 */
export async function collectRemoteContent(
  request: CollectRequest,
  config: StorageConfig | undefined,
  signal: AbortSignal,
  environment: StorageEnvironment = realStorageEnvironment,
): Promise<Record<string, StoredDownload>> {
  const wanted = findWanted(request.initializer);
  const storeConfig = chooseStore(request, config, wanted);
  if (storeConfig === undefined) return {};
  const backupAt = wanted.backupRestored ? undefined : findBackup(storeConfig, request, wanted);
  if (backupAt === undefined && wanted.snapshots.length === 0) return {};

  const { limits } = environment;
  const lifetimeMs = request.timeoutMs + limits.expiryMarginMs;
  const prefix = fillTemplate(storeConfig.snapshotPrefix ?? '', { namespace: request.namespace });
  const store = await openStore(storeConfig, environment);
  try {
    if (backupAt !== undefined) {
      const object = await store.exists(backupAt, signal);
      if (object !== undefined) {
        return { [defaultBackup]: await store.signDownload(backupAt, object, lifetimeMs) };
      }
      if (wanted.backupStep !== undefined) throw backupNotFound(wanted.backupStep);
    }
    const signed = await mapBounded(
      wanted.snapshots,
      limits.parallel,
      signal,
      async (snapshot, either) =>
        await signSnapshot(store, snapshot, { prefix, lifetimeMs }, either),
    );
    return Object.fromEntries(signed.flat());
  } finally {
    await store.close();
  }
}

/** Throws InvalidSpec for a store that is not there; undefined when none is needed. */
function chooseStore(
  { storeName: name, namespace }: CollectRequest,
  config: StorageConfig | undefined,
  { snapshots, backupStep }: Wanted,
): StoreConfig | undefined {
  const step = snapshots[0]?.step ?? backupStep;
  if (config === undefined) {
    if (name === undefined && step === undefined) return undefined;
    throw new ContentError(
      'InvalidSpec',
      `${step ?? 'spec.storage'} needs object storage, and this node's daemon has none: it is started with --storage-config FILE, which names the stores`,
      step === undefined ? {} : { step },
    );
  }
  const wantedName = name ?? config.defaultStore;
  const store = config.stores.get(wantedName);
  if (store !== undefined) {
    if (store.namespaces?.includes(namespace) !== false) return store;
    // Nothing of it is asked for, and there is no backup in what is not this namespace's.
    if (name === undefined && step === undefined) return undefined;
    throw new ContentError(
      'InvalidSpec',
      `spec.storage: the object store ${wantedName} of this node's daemon is not for the namespace ${namespace}`,
      step === undefined ? {} : { step },
    );
  }
  const known = [...config.stores.keys()];
  const meant = nearest(wantedName, known);
  const hint = meant === undefined ? `there are: ${known.join(', ')}` : `is ${meant} meant?`;
  throw new ContentError(
    'InvalidSpec',
    `spec.storage: this node's daemon has no object store ${JSON.stringify(wantedName)}; ${hint}`,
  );
}

/** Undefined when the resource does not say enough to have a backup. */
function findBackup(
  store: StoreConfig,
  { namespace, owner }: CollectRequest,
  { backupStep }: Wanted,
) {
  const location = backupLocation(store, namespace, owner);
  if (!('missing' in location)) return location;
  if (backupStep === undefined) return undefined;
  throw new ContentError(
    'InvalidSpec',
    `${location.missing}: is needed to find the backup that ${backupStep} restores`,
    { step: backupStep },
  );
}

async function signSnapshot(
  store: OpenStore,
  { name, step, required }: WantedSnapshot,
  { prefix, lifetimeMs }: { readonly prefix: string; readonly lifetimeMs: number },
  signal: AbortSignal,
): Promise<[string, StoredDownload][]> {
  const location = parseSnapshotName(name, step);
  if (!location.object.startsWith(prefix)) {
    throw new ContentError(
      'InvalidSpec',
      `${step}: ${JSON.stringify(name)} is none of this namespace's snapshots, whose names start with ${JSON.stringify(prefix)}`,
      { step },
    );
  }
  const object = await store.exists(location, signal).catch((error: unknown) => {
    if (!(error instanceof ContentError)) throw error;
    throw new ContentError(error.reason, error.message, { step });
  });
  if (object !== undefined) return [[name, await store.signDownload(location, object, lifetimeMs)]];
  if (!required) return [];
  throw new ContentError('SnapshotNotFound', `cannot find snapshot ${name}`, { step });
}

function backupNotFound(step: string): ContentError {
  return new ContentError('BackupNotFound', 'no backup found', { step });
}
