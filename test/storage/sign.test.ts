import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { request } from 'undici';
import { realStorageEnvironment } from '../../src/storage/environment.ts';
import type { StoreConfig } from '../../src/storage/config.ts';
import { presign } from '../../src/storage/sign.ts';
import { openStore } from '../../src/storage/store.ts';
import { type ObjectStore, startObjectStore } from '../object-store/index.ts';
import { fastEnvironment, never, storeConfig } from './support.ts';

const bucket = 'gitpod-user-alice';
const names = [
  'workspaces/one/full.tar',
  'with blank/and  two',
  'percent %20 %zz 100%',
  'plus+and+plus',
  'ünïcödé/日本/🙂',
  'at@sign@two',
  "marks !'()*~-_.,;:&=$?#[]",
  'a"quote\\backslash',
  '...dots/..x/x..',
];

interface SignOptions extends Partial<StoreConfig> {
  now?: number;
  lifetimeMs?: number;
}

describe('URLs that a real S3 server accepts', () => {
  let store: ObjectStore;
  let config: StoreConfig;

  before(async () => {
    store = await startObjectStore();
    config = await storeConfig(store);
    await store.createBucket(bucket);
  });
  after(async () => await store.stop());

  const sign = async (
    object: string,
    { now = Date.now(), lifetimeMs = 60_000, ...changes }: SignOptions = {},
  ): Promise<string> => {
    const environment = fastEnvironment({ now: () => now });
    const open = await openStore({ ...config, ...changes }, environment);
    try {
      return (await open.signDownload({ bucket, object }, {}, lifetimeMs)).url;
    } finally {
      await open.close();
    }
  };
  const get = async (url: string, headers: Record<string, string> = {}) => {
    const answer = await request(url, { headers });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  };

  for (const object of names) {
    test(`the object ${JSON.stringify(object)} is found and downloaded`, async () => {
      await store.putObject(bucket, object, `content of ${object}`);
      const open = await openStore(config, realStorageEnvironment);
      const found = await open.exists({ bucket, object }, never());
      await open.close();
      assert.equal(found?.size, Buffer.byteLength(`content of ${object}`));
      assert.match(found.etag ?? '', /^"[0-9a-f]{32}"$/);
      const { status, text } = await get(await sign(object));
      assert.deepEqual([status, text], [200, `content of ${object}`]);
    });
  }

  test('one URL serves for every range', async () => {
    await store.putObject(bucket, 'ranges', '0123456789');
    const url = await sign('ranges');
    for (const [range, text] of [
      ['bytes=0-3', '0123'],
      ['bytes=4-6', '456'],
      ['bytes=7-', '789'],
    ] as const) {
      const answer = await get(url, { range });
      assert.deepEqual([answer.status, answer.text], [206, text]);
    }
  });

  test('an expired URL is refused', async () => {
    await store.putObject(bucket, 'old', 'x');
    const now = Date.now() - 120_000;
    assert.equal((await get(await sign('old', { now, lifetimeMs: 180_000 }))).status, 200);
    const { status, text } = await get(await sign('old', { now, lifetimeMs: 60_000 }));
    assert.equal(status, 403);
    assert.match(text, /expired/i);
  });

  test('a URL is good for its own object and method only', async () => {
    await store.putObject(bucket, 'mine', 'x');
    await store.putObject(bucket, 'other', 'x');
    const url = await sign('mine');
    assert.equal((await get(url.replace('/mine?', '/other?'))).status, 403);
    const { statusCode, body } = await request(url, { method: 'DELETE' });
    await body.dump();
    assert.equal(statusCode, 403);
  });

  test('what the configuration allows bounds the lifetime', async () => {
    const expiry = async (lifetimeMs: number, maxPresignExpiryMs: number): Promise<string | null> =>
      new URL(await sign('any', { lifetimeMs, maxPresignExpiryMs })).searchParams.get(
        'X-Amz-Expires',
      );
    assert.equal(await expiry(3_600_000, 7_200_000), '3600');
    assert.equal(await expiry(9_000_000, 7_200_000), '7200');
  });
});

test('buckets as host names are accepted by a server that knows its domain', async () => {
  await using store = await startObjectStore({ virtualDomain: 's3.test' });
  const config = await storeConfig(store, { pathStyle: false });
  await store.createBucket('one');
  await store.putObject('one', 'plus+and+plus', 'x');
  const { host, port } = new URL(store.endpoint);
  const open = await openStore(
    { ...config, endpoint: `http://s3.test:${port}` },
    fastEnvironment(),
  );
  const { url } = await open.signDownload({ bucket: 'one', object: 'plus+and+plus' }, {}, 60_000);
  await open.close();

  // No name server knows the host: the connection goes to the server itself, the Host header stays.
  const signed = new URL(url);
  assert.equal(signed.host, `one.s3.test:${port}`);
  const answer = await request(`http://${host}${signed.pathname}${signed.search}`, {
    headers: { host: signed.host },
  });
  assert.deepEqual([answer.statusCode, await answer.body.text()], [200, 'x']);
});

test('a signature is the one that the published example has', async () => {
  // The example of presigned URLs in the documentation of AWS Signature Version 4 for S3.
  const url = await presign({
    method: 'GET',
    url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'),
    region: 'us-east-1',
    credentials: {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    },
    now: Date.parse('2013-05-24T00:00:00Z'),
    lifetimeMs: 86_400_000,
  });
  assert.equal(
    new URL(url).searchParams.get('X-Amz-Signature'),
    'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  );
});

test('a session token is part of what is signed', async () => {
  const url = await presign({
    method: 'HEAD',
    url: new URL('http://s3.test/one/two'),
    region: 'eu-central-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'to/ken+==' },
    now: 0,
    lifetimeMs: 1500,
  });
  const query = new URL(url).searchParams;
  assert.equal(query.get('X-Amz-Security-Token'), 'to/ken+==');
  assert.equal(query.get('X-Amz-Expires'), '1');
  assert.equal(query.get('X-Amz-Credential'), 'a/19700101/eu-central-1/s3/aws4_request');
});
