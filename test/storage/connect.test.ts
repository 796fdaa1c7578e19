import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { ContentError } from '../../src/api/errors.ts';
import type { StoreConfig } from '../../src/storage/config.ts';
import { openStore } from '../../src/storage/store.ts';
import { freePorts } from '../control-plane/ports.ts';
import { type ObjectStore, startObjectStore } from '../object-store/index.ts';
import { createTempDir } from '../support/temp.ts';
import { startProxy } from '../support/proxy.ts';
import { fastEnvironment, never, storeConfig } from './support.ts';

const location = { bucket: 'one', object: 'there' };

async function startFilledStore(tls: boolean): Promise<ObjectStore> {
  const store = await startObjectStore({ tls });
  await store.createBucket('one');
  await store.putObject('one', 'there', 'x');
  return store;
}

async function find(config: StoreConfig, variables: Record<string, string> = {}): Promise<unknown> {
  const open = await openStore(config, fastEnvironment({ variables }));
  try {
    return await open.exists(location, never());
  } finally {
    await open.close();
  }
}

const unavailable =
  (pattern: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof ContentError);
    assert.equal(error.reason, 'StorageUnavailable');
    assert.match(error.message, pattern);
    assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), /hush|X-Amz-/);
    return true;
  };

describe('a store with certificates of its own', () => {
  test('is trusted by its caFile, whose certificates go with the download', async () => {
    await using store = await startFilledStore(true);
    const config = await storeConfig(store);
    assert.ok(await find(config));

    const open = await openStore(config, fastEnvironment());
    const { ca } = await open.signDownload(location, {}, 60_000);
    await open.close();
    assert.equal(ca, await readFile(store.ca ?? '', 'utf8'));
  });

  test('is not trusted without', async () => {
    await using store = await startFilledStore(true);
    const { caFile: _, ...config } = await storeConfig(store);
    await assert.rejects(find(config), unavailable(/not available: .*certificate/));
  });

  test('is trusted by the SSL_CERT_FILE of the daemon too, which the sandbox has anyway', async () => {
    await using store = await startFilledStore(true);
    const { caFile: _, ...config } = await storeConfig(store);
    const variables = { SSL_CERT_FILE: store.ca ?? '' };
    assert.ok(await find(config, variables));
    const open = await openStore(config, fastEnvironment({ variables }));
    assert.equal((await open.signDownload(location, {}, 60_000)).ca, undefined);
    await open.close();
  });

  test('is named when its caFile is missing or holds no certificate', async () => {
    await using store = await startFilledStore(true);
    await using temp = await createTempDir();
    const config = await storeConfig(store, { caFile: temp.join('ca.pem') });
    await assert.rejects(
      find(config),
      unavailable(/^the certificates for the object store main cannot be read: .*ENOENT$/),
    );
    await writeFile(temp.join('ca.pem'), 'no certificate');
    await assert.rejects(find(config), unavailable(/not available/));
  });
});

describe('a proxy', () => {
  for (const tls of [true, false]) {
    const kind = tls ? 'https' : 'http';

    test(`of the configuration carries ${kind}, with its password, and goes with the download`, async () => {
      await using store = await startFilledStore(tls);
      await using proxy = await startProxy();
      const url = proxy.url.replace('//', '//me:hu%20sh@');
      const config = await storeConfig(store, { proxy: `${url}/` });
      assert.ok(await find(config, { no_proxy: '*' }));

      const host = new URL(store.endpoint).host;
      assert.deepEqual(
        [...new Set(proxy.seen)],
        [tls ? `CONNECT ${host}` : `HEAD http://${host}/one/there`],
      );
      assert.equal(proxy.authorizations[0], `Basic ${Buffer.from('me:hu sh').toString('base64')}`);
      const open = await openStore(config, fastEnvironment());
      assert.equal((await open.signDownload(location, {}, 60_000)).proxy, `${url}/`);
      await open.close();
    });

    test(`of the environment carries ${kind}, unless no_proxy has the host`, async () => {
      await using store = await startFilledStore(tls);
      await using proxy = await startProxy();
      const config = await storeConfig(store);
      assert.ok(await find(config, { [`${kind}_proxy`]: proxy.url, no_proxy: 'other.test' }));
      assert.equal(proxy.seen.length, 1);
      // As with curl, HTTP_PROXY in capitals counts for https only.
      assert.ok(await find(config, { [`${kind.toUpperCase()}_PROXY`]: proxy.url }));
      assert.equal(proxy.seen.length, tls ? 2 : 1);
      assert.ok(await find(config, { [`${kind}_proxy`]: proxy.url, NO_PROXY: '127.0.0.1' }));
      const other = tls ? 'http_proxy' : 'https_proxy';
      assert.ok(await find(config, { [other]: proxy.url }));
      assert.equal(proxy.seen.length, tls ? 2 : 1);
    });
  }

  test('that is down or no URL is an error without its password', async () => {
    await using store = await startFilledStore(true);
    const [port = 0] = await freePorts(1);
    const proxy = `http://me:hush@127.0.0.1:${port}/`;
    const down = await storeConfig(store, { proxy });
    await assert.rejects(find(down), unavailable(/not available: connect ECONNREFUSED/));
    const config = await storeConfig(store);
    await assert.rejects(
      find(config, { https_proxy: 'http://me:hush@[' }),
      unavailable(/not available: Invalid URL/),
    );
  });
});
