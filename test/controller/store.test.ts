import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Store } from '../../src/controller/store.ts';
import { sampleObject, uid } from './samples.ts';

const key = 'default/one';
const version = (resourceVersion: string, more: object = {}): object =>
  sampleObject({}, { resourceVersion, ...more });

test('a version older than the one held is passed over', () => {
  const store = new Store();
  assert.ok(store.upsert(version('10')));
  assert.equal(store.upsert(version('9')), undefined);
  assert.equal(store.get(key)?.identity.resourceVersion, '10');
  assert.ok(store.upsert(version('10')));
  assert.ok(store.upsert(version('100')));
});

test('another resource of the same name takes its place, whatever its version', () => {
  const store = new Store();
  store.upsert(version('10'));
  store.upsert(version('5', { uid: 'another' }));
  assert.equal(store.get(key)?.identity.uid, 'another');
  assert.deepEqual([store.hasUid(uid), store.hasUid('another')], [false, true]);
});

test('the end of a resource does not remove the one that has its name now', () => {
  const store = new Store();
  store.upsert(version('10', { uid: 'another' }));
  assert.equal(store.delete(version('11')), undefined);
  assert.equal(store.size, 1);
  assert.ok(store.delete(version('12', { uid: 'another' })));
  assert.deepEqual([store.size, store.hasUid('another')], [0, false]);
});

test('a list replaces all, and names what is gone too', () => {
  const store = new Store();
  store.upsert(version('10'));
  const keys = store.replace([version('3', { name: 'two', uid: 'two' }), { nonsense: true }]);
  assert.deepEqual(keys.toSorted(), ['default/one', 'default/two']);
  assert.deepEqual([store.get(key), store.size, store.hasUid(uid)], [undefined, 1, false]);
});

test('who owns which field is not kept', () => {
  const store = new Store();
  store.upsert(version('10', { managedFields: [{ manager: 'kubectl' }] }));
  assert.doesNotMatch(JSON.stringify(store.get(key)), /kubectl/);
});
