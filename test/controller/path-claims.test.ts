import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlaps, PathClaims } from '../../src/controller/path-claims.ts';
import { succeeded } from './samples.ts';

const pairs: [string, string, boolean][] = [
  ['/data/ns/a', '/data/ns/a', true],
  ['/data/ns/a', '/data/ns/a/b', true],
  ['/data/ns/a/b/c', '/data/ns/a', true],
  ['/data/ns/a', '/data/ns/ab', false],
  ['/data/ns/a', '/data/ns/b', false],
];

for (const [one, other, expected] of pairs) {
  test(`${one} and ${other} ${expected ? 'overlap' : 'are apart'}`, () => {
    assert.deepEqual([overlaps(one, other), overlaps(other, one)], [expected, expected]);
  });
}

const claim = (uid: string, hostPath: string) => ({ uid, namespace: 'ns', name: uid, hostPath });

test('a directory belongs to the first that claims it, for as long as its resource is there', () => {
  const live = new Set(['a', 'b']);
  const claims = new PathClaims([], (uid) => live.has(uid));
  assert.equal(claims.claim(claim('a', '/d/ns/x')), undefined);
  assert.equal(claims.claim(claim('a', '/d/ns/x')), undefined);
  assert.equal(claims.claim(claim('b', '/d/ns/x/y'))?.name, 'a');
  live.delete('a');
  assert.equal(claims.claim(claim('b', '/d/ns/x/y')), undefined);
});

test('claims of the journal count after a restart', () => {
  const entry = { ...succeeded, uid: 'a', hostPath: '/d/ns/x' };
  const claims = new PathClaims([entry], () => true);
  assert.equal(claims.claim(claim('b', '/d/ns/x'))?.uid, 'a');
  claims.release('a');
  assert.equal(claims.claim(claim('b', '/d/ns/x')), undefined);
});

test('while the remains of a resource that is gone are removed, nobody gets their place', () => {
  const claims = new PathClaims(
    [{ ...succeeded, uid: 'gone', hostPath: '/d/ns/x' }],
    (uid) => uid === 'b',
  );
  const held = claims.hold(claim('gone', '/d/ns/x'));
  assert.equal(claims.claim(claim('b', '/d/ns/x'))?.uid, 'gone');
  held?.[Symbol.dispose]();
  assert.equal(claims.claim(claim('b', '/d/ns/x')), undefined);
  assert.equal(claims.hold(claim('gone', '/d/ns/x')), undefined);
  assert.equal(claims.ownerBeside(claim('gone', '/d/ns/x'))?.uid, 'b');
});
