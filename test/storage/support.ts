import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ContentError, type ErrorReason } from '../../src/api/errors.ts';
import type { StorageConfig, StoreConfig } from '../../src/storage/config.ts';
import {
  defaultStorageLimits,
  realStorageEnvironment,
  type StorageEnvironment,
} from '../../src/storage/environment.ts';
import { openStore } from '../../src/storage/store.ts';
import type { ObjectStore } from '../object-store/index.ts';

/** The configuration of a running store, with its credentials in files as a Secret's volume has them. */
export async function storeConfig(
  store: ObjectStore,
  changes: Partial<StoreConfig> = {},
): Promise<StoreConfig> {
  const files = {
    accessKey: join(store.dir, 'access-key'),
    secretKey: join(store.dir, 'secret-key'),
  };
  await writeFile(files.accessKey, `${store.accessKey}\n`, { mode: 0o600 });
  await writeFile(files.secretKey, `${store.secretKey}\n`, { mode: 0o600 });
  return {
    ...anyStore,
    endpoint: store.endpoint,
    region: store.region,
    credentials: { accessKey: { file: files.accessKey }, secretKey: { file: files.secretKey } },
    ...(store.ca === undefined ? {} : { caFile: store.ca }),
    ...changes,
  };
}

/** A store whose credentials are in the environment that `fastEnvironment` makes. */
export const anyStore: StoreConfig = {
  name: 'main',
  endpoint: 'http://s3.test',
  region: 'us-east-1',
  pathStyle: true,
  backupBucket: 'gitpod-user-{owner}',
  backupObject: 'workspaces/{workspaceID}/full.tar',
  credentials: { accessKey: { variable: 'ACCESS' }, secretKey: { variable: 'SECRET' } },
  maxPresignExpiryMs: 7 * 24 * 3_600_000,
};

export const storageOf = (...stores: StoreConfig[]): StorageConfig => ({
  defaultStore: stores[0]?.name ?? '',
  stores: new Map(stores.map((store) => [store.name, store])),
});

/** The real one, but that it never waits between tries. */
export function fastEnvironment(
  changes: Partial<Omit<StorageEnvironment, 'limits'>> & {
    limits?: Partial<StorageEnvironment['limits']>;
  } = {},
): StorageEnvironment {
  return {
    ...realStorageEnvironment,
    variables: { ACCESS: 'access-key-id', SECRET: 'secret-access-key' },
    delay: async (_, signal) => signal.throwIfAborted(),
    ...changes,
    limits: { ...defaultStorageLimits, requestTimeoutMs: 5000, ...changes.limits },
  };
}

/** As kubelet does when a Secret changes. */
export async function rotate(file: string, value: string): Promise<void> {
  await rm(file);
  await writeFile(file, value);
}

export const never = (): AbortSignal => new AbortController().signal;

export const location = { bucket: 'one', object: 'there' };

/** One question to a store that is opened for it. */
export const exists = async (
  config: StoreConfig,
  environment: StorageEnvironment = fastEnvironment(),
  where = location,
  signal = never(),
): Promise<unknown> => {
  const store = await openStore(config, environment);
  try {
    return await store.exists(where, signal);
  } finally {
    await store.close();
  }
};

/** The message of the error, in which no credentials and no signature may be, however it is printed. */
export const failure = async (
  promise: Promise<unknown>,
  reason: ErrorReason,
  secrets: readonly string[] = [],
): Promise<string> => {
  const error = await promise.then(
    () => assert.fail('nothing failed'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ContentError, inspect(error));
  assert.equal(error.reason, reason, error.message);
  const printed = inspect(error, { depth: 20, showHidden: true });
  for (const secret of ['X-Amz-', 'access-key-id', 'secret-access-key', ...secrets]) {
    assert.equal(printed.includes(secret), false, secret);
  }
  return error.message;
};
