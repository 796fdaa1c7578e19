import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toApiError } from '../../src/controller/api-error.ts';
import { Finalizers } from '../../src/controller/finalizers.ts';
import { Store } from '../../src/controller/store.ts';

const uid = 'u1';
const resource = { namespace: 'default', name: 'one', uid };
const object = {
  metadata: { ...resource, resourceVersion: '5', generation: 1 },
  spec: { nodeName: 'n', initializer: { empty: {} }, deletionPolicy: 'Delete' },
};

/** Finalizers before an API server that finds nothing. */
function setUp(): { readonly finalizers: Finalizers; readonly store: Store; asked: number } {
  const store = new Store();
  store.upsert(object);
  const { signal: requests } = new AbortController();
  const client = {
    merge: async () => {
      given.asked += 1;
      throw await Promise.resolve(toApiError('PATCH', 404, { code: 404 }, {}));
    },
  };
  const reporter = { announce: () => undefined };
  const given = {
    finalizers: new Finalizers({ client, store, reporter, requests }),
    store,
    asked: 0,
  };
  return given;
}

for (const [what, wanted] of [
  ['that is to protect a resource', true],
  ['that is to let a resource go', false],
] as const) {
  test(`a finalizer ${what} which the watch knows is an error where that is not found`, async () => {
    const given = setUp();
    await assert.rejects(given.finalizers.set(resource, wanted), { status: 404 });
    assert.equal(given.asked, 1);
  });
}

test('a resource that goes meanwhile, or is another by now, needs none', async () => {
  const given = setUp();
  const set = given.finalizers.set(resource, true);
  given.store.delete(object);
  await set;
  await given.finalizers.set({ ...resource, uid: 'another' }, true);
  assert.equal(given.asked, 1);
});
