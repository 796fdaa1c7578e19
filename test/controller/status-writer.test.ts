import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIdentity } from '../../src/api/resource.ts';
import { ApiError } from '../../src/controller/api-error.ts';
import { StatusWriter } from '../../src/controller/status-writer.ts';
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

test('a refusal is remembered since the first one, for as long as its resource is there', async () => {
  const store = new Store();
  const object = sampleObject();
  store.upsert(object);
  const clock = new FakeClock();
  const client = {
    apply: async () => await Promise.reject(new ApiError(403, '', 'as the test has it')),
  };
  const writer = new StatusWriter({ client, store, clock, steady: clock });
  const view = { kind: 'ready', entry: succeeded } as const;
  const since = clock.now();
  for (let n = 0; n < 2; n += 1) {
    const { signal } = new AbortController();
    await assert.rejects(writer.publish(parseIdentity(object), view, '/data', signal));
    clock.advance(1000);
  }
  assert.equal(writer.refusal?.since, since);
  store.replace([]);
  assert.equal(writer.refusal, undefined);
});
