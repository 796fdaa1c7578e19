import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { findProcesses } from '../support/leftovers.ts';
import { createTempDir } from '../support/temp.ts';
import { parseAccessLog } from './access-log.ts';
import { startObjectStore } from './index.ts';
import { findVersitygw } from './program.ts';

test('stores objects from texts, bytes, files and streams', async () => {
  await using store = await startObjectStore();
  await store.createBucket('one');
  const bodies = {
    'a/text': 'text',
    'a/bytes': Buffer.from([0, 255]),
    'a/file': { file: import.meta.filename },
    'a/stream': { stream: Readable.from([Buffer.from('in '), Buffer.from('parts')]), size: 8 },
  };
  for (const [key, body] of Object.entries(bodies)) await store.putObject('one', key, body);

  const stored = async (key: string): Promise<Buffer> =>
    await readFile(join(store.dir, 'objects/one', key));
  assert.equal(String(await stored('a/text')), 'text');
  assert.deepEqual([...(await stored('a/bytes'))], [0, 255]);
  assert.deepEqual(await stored('a/file'), await readFile(import.meta.filename));
  assert.equal(String(await stored('a/stream')), 'in parts');
});

test("a refusal is an error with the server's words", async () => {
  await using store = await startObjectStore();
  await assert.rejects(store.putObject('missing', 'a', ''), / 404: .*NoSuchBucket/s);
});

test('tells what was asked for', async () => {
  await using store = await startObjectStore();
  await store.createBucket('one');
  await store.putObject('one', 'a b', 'x');
  assert.deepEqual(
    (await store.requests()).filter(({ path }) => path.startsWith('/one')),
    [
      { operation: 's3_CreateBucket', path: '/one', status: 200 },
      { operation: 's3_PutObject', path: '/one/a b', status: 200 },
    ],
  );
});

test('lines that are no requests are passed over', () => {
  assert.deepEqual(parseAccessLog('log starts 2026-01-01 00:00:00\n\n- - [x'), []);
});

test('two run side by side, one of them with TLS, and neither leaves anything behind', async () => {
  const stores = await Promise.all([startObjectStore(), startObjectStore({ tls: true })]);
  const [plain, secure] = stores;
  assert.match(plain.endpoint, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.match(secure.endpoint, /^https:\/\/127\.0\.0\.1:\d+$/);
  assert.notEqual(plain.secretKey, secure.secretKey);
  await Promise.all(
    stores.map(async (store) => {
      await store.createBucket('same');
      await store.putObject('same', 'object', store.endpoint);
    }),
  );
  for (const { dir, endpoint } of stores) {
    assert.equal(await readFile(join(dir, 'objects/same/object'), 'utf8'), endpoint);
    assert.equal((await findProcesses(join(dir, 'objects'))).length, 1);
  }

  await Promise.all(stores.map(async (store) => await store.stop()));

  for (const { dir } of stores) {
    assert.equal(existsSync(dir), false);
    assert.deepEqual(await findProcesses(dir), []);
  }
});

test('VERSITYGW names the program to use, and is believed only when it is one', async () => {
  const program = await findVersitygw();
  assert.equal(await findVersitygw({ env: { VERSITYGW: program } }), program);
  await using temp = await createTempDir();
  const missing = temp.join('versitygw');
  await assert.rejects(findVersitygw({ env: { VERSITYGW: missing } }), {
    message: `VERSITYGW is set, but ${missing} is no program`,
  });
});
