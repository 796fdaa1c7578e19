import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { destinationNames } from '../../src/init/destination-path.ts';
import { isContentError } from './support/content-error.ts';

const refused = [
  '',
  '/',
  'relative',
  '/data',
  '/data/tests',
  '/data/tests/',
  '/data/tests//a',
  '/data/tests/a/',
  '/data/tests/./a',
  '/data/tests/..',
  '/data/tests/../other/a',
  '/data/tests/a/../../other/a',
  '/data/other/a',
  '/data/testsabc/a',
  '/data//tests/a',
  '/etc/passwd',
  '/data/tests/a\0b',
  '/data/tests/a\nb',
];
for (const path of refused) {
  test(`hostPath ${JSON.stringify(path)} is refused, with what is allowed in the message`, () => {
    assert.throws(
      () => destinationNames('/data', 'tests', path),
      isContentError('PathNotAllowed', /\/data\/tests\/.*namespace tests/),
    );
  });
}

test('a path below the namespace is taken apart', () => {
  assert.deepEqual(destinationNames('/data/', 'tests', '/data/tests/a/b c'), {
    root: '/data',
    names: ['tests', 'a', 'b c'],
  });
});

for (const namespace of ['', '.', '..', 'a/b', 'A', '-a']) {
  test(`${JSON.stringify(namespace)} is no namespace`, () => {
    assert.throws(
      () => destinationNames('/data', namespace, `/data/${namespace}/a`),
      isContentError('PathNotAllowed', /is not a namespace/),
    );
  });
}

test('whatever the path, it is refused or its names lead back to it', () => {
  const part = fc.oneof(fc.constantFrom('..', '.', '', 'tests', 'data', 'a'), fc.string());
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const path = `/data/tests/${parts.join('/')}`;
      try {
        const { root, names } = destinationNames('/data', 'tests', path);
        assert.equal([root, ...names].join('/'), path);
        assert.ok(names.every((name) => name !== '..' && name !== '.' && name !== ''));
      } catch (error) {
        assert.ok(isContentError('PathNotAllowed', /./)(error));
      }
    }),
  );
});
