import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ContentError } from '../../src/api/errors.ts';
import {
  backupLocation,
  isBucketName,
  objectUrl,
  parseSnapshotName,
} from '../../src/storage/location.ts';
import { anyStore } from './support.ts';

const refusal =
  (pattern: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof ContentError);
    assert.equal(error.reason, 'InvalidSpec');
    assert.match(error.message, pattern);
    return true;
  };

test("a snapshot's name is read at its last @", () => {
  const table: [name: string, object: string, bucket: string][] = [
    [
      'workspaces/one/snapshot-1.tar@gitpod-user-alice',
      'workspaces/one/snapshot-1.tar',
      'gitpod-user-alice',
    ],
    ['me@home/a.tar@one', 'me@home/a.tar', 'one'],
    [' a b%20+ü@One_2.x', ' a b%20+ü', 'One_2.x'],
    ['@@one', '@', 'one'],
  ];
  for (const [name, object, bucket] of table) {
    assert.deepEqual(parseSnapshotName(name, 'snapshot'), { object, bucket });
  }
});

test("what is no snapshot's name is refused with the step and the cause", () => {
  const table: [name: string, cause: RegExp][] = [
    ['', /form object@bucket/],
    ['object', /form object@bucket/],
    ['@bucket', /form object@bucket/],
    ['object@', /"" is no name of a bucket/],
    ['object@a/../b', /no name of a bucket/],
    ['object@b?x', /no name of a bucket/],
    ['object@..', /no name of a bucket/],
    ['object@one..two', /no name of a bucket/],
    ['object@bücket', /no name of a bucket/],
    ['../other/full.tar@bucket', /\. or \.\./],
    ['a/./b@bucket', /\. or \.\./],
    ['..@bucket', /\. or \.\./],
    ['\ud800@bucket', /no valid Unicode/],
    [`${'ü'.repeat(513)}@bucket`, /more than 1024 bytes/],
  ];
  for (const [name, cause] of table) {
    assert.throws(
      () => parseSnapshotName(name, 'composite[1].snapshot'),
      (error) => {
        assert.equal((error as ContentError).step, 'composite[1].snapshot');
        assert.match((error as ContentError).message, /^composite\[1\]\.snapshot: /);
        return refusal(cause)(error);
      },
    );
  }
});

test('names are encoded once, in both styles', () => {
  const table: [object: string, path: string][] = [
    ['a b', 'a%20b'],
    ['a+b', 'a%2Bb'],
    ['a%20b', 'a%2520b'],
    ['ü/@', '%C3%BC/%40'],
    ["!'()*", '%21%27%28%29%2A'],
    ['/a//b/', '/a//b/'],
    ['%2e%2e/x', '%252e%252e/x'],
    ['a?b#c', 'a%3Fb%23c'],
  ];
  const virtual = { ...anyStore, endpoint: 'https://s3.test:8443', pathStyle: false };
  for (const [object, path] of table) {
    const location = { bucket: 'one', object };
    assert.equal(objectUrl(anyStore, location).href, `http://s3.test/one/${path}`);
    assert.equal(objectUrl(virtual, location).href, `https://one.s3.test:8443/${path}`);
  }
});

test('a URL leads to its own object, or there is none', () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('.', '..', '%2e', '', '+', '@'),
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const location = { bucket: 'one', object: parts.join('/') };
      let url: URL;
      try {
        url = objectUrl(anyStore, location);
      } catch (error) {
        return refusal(/object store main/)(error);
      }
      assert.equal(url.search + url.hash, '');
      assert.equal(
        url.pathname.split('/').map(decodeURIComponent).join('/'),
        `/one/${location.object}`,
      );
      return true;
    }),
  );
});

test('a bucket that is no host name needs path style', () => {
  const virtual = { ...anyStore, pathStyle: false };
  assert.throws(
    () => objectUrl(virtual, { bucket: 'Upper_Case', object: 'a' }),
    refusal(/pathStyle: true/),
  );
  assert.equal(isBucketName('Upper_Case'), true);
});

test('a backup lies where the templates say', () => {
  const owner = { owner: 'alice', workspaceID: 'one', instanceID: 'x' };
  assert.deepEqual(backupLocation(anyStore, 'team-a', owner), {
    bucket: 'gitpod-user-alice',
    object: 'workspaces/one/full.tar',
  });
  const shared = { ...anyStore, backupBucket: 'all', backupObject: '{owner}/{workspaceID}.tar' };
  assert.deepEqual(backupLocation(shared, 'team-a', owner), {
    bucket: 'all',
    object: 'alice/one.tar',
  });
  const apart = { ...anyStore, backupBucket: '{namespace}', backupObject: '{workspaceID}.tar' };
  assert.deepEqual(backupLocation(apart, 'team-a', owner), { bucket: 'team-a', object: 'one.tar' });
});

test('a backup needs only what its templates use', () => {
  const nobody = { owner: '', workspaceID: 'one', instanceID: 'x' };
  assert.deepEqual(backupLocation(anyStore, 'team-a', nobody), { missing: 'spec.owner' });
  assert.deepEqual(backupLocation({ ...anyStore, backupBucket: 'all' }, 'team-a', nobody), {
    bucket: 'all',
    object: 'workspaces/one/full.tar',
  });
  const nothing = { ...nobody, owner: 'alice', workspaceID: '' };
  assert.deepEqual(backupLocation(anyStore, 'team-a', nothing), { missing: 'spec.workspaceID' });
});

test("an owner or a workspace cannot reach another one's backup by its name", () => {
  for (const owner of ['a/b', '../b', 'a?b', '{workspaceID}/x']) {
    assert.throws(
      () => backupLocation(anyStore, 'team-a', { owner, workspaceID: 'one', instanceID: '' }),
      refusal(/no name of a bucket/),
    );
  }
  for (const workspaceID of ['..', '.', 'a/../b']) {
    assert.throws(
      () => backupLocation(anyStore, 'team-a', { owner: 'a', workspaceID, instanceID: '' }),
      refusal(/\. or \.\./),
    );
  }
});
