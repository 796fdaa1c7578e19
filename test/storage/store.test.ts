import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { StoreConfig } from '../../src/storage/config.ts';
import { openStore } from '../../src/storage/store.ts';
import { type ObjectStore, startObjectStore } from '../object-store/index.ts';
import { createTempDir } from '../support/temp.ts';
import {
  exists,
  failure,
  fastEnvironment,
  location,
  never,
  rotate,
  storeConfig,
} from './support.ts';

describe('a real store', () => {
  let store: ObjectStore;
  let config: StoreConfig;

  before(async () => {
    store = await startObjectStore({ region: 'eu-central-1' });
    config = await storeConfig(store);
    await store.createBucket('one');
    await store.putObject('one', 'there', 'twelve bytes');
  });
  after(async () => await store.stop());

  test('has an object with its size and entity tag', async () => {
    assert.deepEqual(await exists(config), {
      size: 12,
      etag: '"c91fa94e14cf2fa5474beceff788c0dc"',
    });
  });

  test('does not have an object, nor one in a bucket that is missing', async () => {
    const missing = { bucket: 'one', object: 'missing' };
    assert.equal(await exists(config, fastEnvironment(), missing), undefined);
    const noBucket = { bucket: 'gitpod-user-bob', object: 'there' };
    assert.equal(await exists(config, fastEnvironment(), noBucket), undefined);
  });

  test('refuses wrong credentials with its own word, and is asked once', async () => {
    await store.putObject('one', 'asked once', 'x');
    const where = { bucket: 'one', object: 'asked once' };
    const source = config.credentials;
    const wrong: [variables: Record<string, string>, credentials: object, word: string][] = [
      [{ WRONG: 'nobody' }, { accessKey: { variable: 'WRONG' } }, 'XAdminUserNotFound'],
      [{ WRONG: 'mistyped' }, { secretKey: { variable: 'WRONG' } }, 'SignatureDoesNotMatch'],
    ];
    for (const [variables, credentials, word] of wrong) {
      const changed = { ...config, credentials: { ...source, ...credentials } };
      const message = await failure(
        exists(changed, fastEnvironment({ variables }), where),
        'StorageRefused',
        [store.accessKey, store.secretKey, ...Object.values(variables)],
      );
      assert.equal(
        message,
        `the object store main (${store.endpoint}) refuses access to the object "asked once" in the bucket one: ${word}`,
      );
    }
    const asked = (await store.requests()).filter(({ path }) => path === '/one/asked once');
    // The PUT above, then HEAD and GET for each.
    assert.deepEqual(
      asked.map(({ status }) => status),
      [200, 404, 404, 403, 403],
    );
  });

  test('refuses the wrong region', async () => {
    const message = await failure(exists({ ...config, region: 'us-east-1' }), 'StorageRefused', [
      store.secretKey,
    ]);
    assert.match(message, /: AuthorizationQueryParametersError$/);
  });

  test('answers a node whose clock is some minutes behind', async () => {
    const now = (): number => Date.now() - 600_000;
    assert.ok(await exists(config, fastEnvironment({ now })));
  });

  test('refuses a clock that is far off', async () => {
    const now = (): number => Date.now() - 3_600_000;
    assert.match(
      await failure(exists(config, fastEnvironment({ now })), 'StorageRefused'),
      /: AccessDenied; the node's clock is 60 minutes behind the store's$/,
    );
  });

  test('rotated credentials count from the next question on, also in its midst', async () => {
    await using temp = await createTempDir();
    const [accessKey, secretKey] = [temp.join('access'), temp.join('secret')];
    await writeFile(accessKey, 'old');
    await writeFile(secretKey, 'old');
    const credentials = { accessKey: { file: accessKey }, secretKey: { file: secretKey } };
    const open = await openStore({ ...config, credentials }, fastEnvironment());
    await failure(open.exists(location, never()), 'StorageRefused');
    await rotate(accessKey, store.accessKey);
    await rotate(secretKey, store.secretKey);
    assert.ok(await open.exists(location, never()));
    await open.close();

    // One file is new and the other old while the store is asked; a moment later both are new.
    await rotate(secretKey, 'old');
    const { connect } = fastEnvironment();
    const environment = fastEnvironment({
      connect: async (settings) => {
        const http = await connect(settings);
        return {
          ...http,
          send: async (request) => {
            const answer = await http.send(request);
            await rotate(secretKey, store.secretKey);
            return answer;
          },
        };
      },
    });
    assert.ok(await exists({ ...config, credentials }, environment));
  });

  test('credentials that are gone are named', async () => {
    await using temp = await createTempDir();
    const { credentials } = config;
    const file = temp.join('secret');
    const gone = { ...config, credentials: { ...credentials, secretKey: { file } } };
    assert.equal(
      await failure(exists(gone), 'StorageUnavailable'),
      `the secret key of the object store main is missing: cannot read ${file}: ENOENT`,
    );
    await writeFile(file, '\n');
    assert.match(await failure(exists(gone), 'StorageUnavailable'), /is missing: .* is empty$/);
    const unset = { ...config, credentials: { ...credentials, accessKey: { variable: 'NONE' } } };
    assert.match(
      await failure(exists(unset), 'StorageUnavailable'),
      /^the access key .* the environment variable NONE is not set$/,
    );
    await rm(file);
  });
});
