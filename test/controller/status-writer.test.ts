import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIdentity } from '../../src/api/resource.ts';
import { ApiError } from '../../src/controller/api-error.ts';
import { StatusWriter } from '../../src/controller/status-writer.ts';
import type { View } from '../../src/controller/status.ts';
import { Store } from '../../src/controller/store.ts';
import { FakeClock } from './fake-clock.ts';
import { sampleObject, succeeded } from './samples.ts';

/** A writer whose writes fail with that status; `meanwhile` is what the watch says during the write. */
function setUp(status: number, meanwhile: (store: Store) => void = () => undefined) {
  const store = new Store();
  const object = sampleObject();
  store.upsert(object);
  const client = {
    apply: async () => {
      meanwhile(store);
      return await Promise.reject(new ApiError(status, '', 'as the test has it'));
    },
  };
  const clock = new FakeClock();
  const writer = new StatusWriter({ client, store, clock, steady: clock });
  const view = { kind: 'ready', entry: succeeded } as const;
  return async () =>
    await writer.publish(parseIdentity(object), view, '/data', AbortSignal.timeout(60_000));
}

for (const status of [404, 409]) {
  test(`${status} is an error as long as the resource is there, so that it is tried again`, async () => {
    await assert.rejects(setUp(status), { status });
  });
}

test('nothing is written, and nothing is wrong, when the resource is gone or another has its name', async () => {
  for (const status of [404, 409]) {
    assert.equal(await setUp(status, (store) => store.replace([]))(), undefined);
  }
  const another = sampleObject({}, { uid: 'another' });
  assert.equal(await setUp(409, (store) => store.replace([another]))(), undefined);
});

/** A writer for a resource and one beside it, which is refused while `it.hasRights` is false. */
function setUpRefused() {
  const store = new Store();
  store.upsert(sampleObject());
  store.upsert(sampleObject({}, beside));
  const clock = new FakeClock();
  const it = { hasRights: true, store, clock };
  let version = 10;
  const client = {
    apply: async (_: string, body: object) => {
      if (!it.hasRights) return await Promise.reject(new ApiError(403, '', 'as the test has it'));
      version += 1;
      const { metadata, status } = body as { metadata: object; status: object };
      return sampleObject({}, { ...metadata, resourceVersion: String(version) }, status);
    },
  };
  const writer = new StatusWriter({ client, store, clock, steady: clock });
  const publish = async (view: View, metadata: object = {}) => {
    const { signal } = new AbortController();
    const identity = parseIdentity(sampleObject({}, metadata));
    return await writer.publish(identity, view, '/data', signal);
  };
  return { it, writer, publish };
}

const beside = { name: 'two', uid: 'beside' };
const ready: View = { kind: 'ready', entry: succeeded };
const suspended: View = { kind: 'suspended', entry: succeeded };

test('a refusal is remembered since the first one, for as long as its resource is there', async () => {
  const { it, writer, publish } = setUpRefused();
  it.hasRights = false;
  const since = it.clock.now();
  for (let n = 0; n < 2; n += 1) {
    await assert.rejects(publish(ready));
    it.clock.advance(1000);
  }
  assert.equal(writer.refusal?.since, since);
  it.store.replace([]);
  assert.equal(writer.refusal, undefined);
});

test('a refusal ends with the next write that lands, whichever resource it is of', async () => {
  const { it, writer, publish } = setUpRefused();
  it.hasRights = false;
  await assert.rejects(publish(ready));
  it.hasRights = true;
  await publish(ready, beside);
  assert.equal(writer.refusal, undefined);
});

test('a refusal ends when the status is true as it stands, and not when that of another one is', async () => {
  const { it, writer, publish } = setUpRefused();
  await publish(ready);
  await publish(ready, beside);
  it.hasRights = false;
  await assert.rejects(publish(suspended));
  assert.equal(await publish(ready, beside), undefined);
  assert.notEqual(writer.refusal, undefined);
  assert.equal(await publish(ready), undefined);
  assert.equal(writer.refusal, undefined);
});
