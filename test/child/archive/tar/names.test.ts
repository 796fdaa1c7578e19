import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { posix } from 'node:path';
import { ContentError } from '../../../../src/api/errors.ts';
import { defaultArchiveLimits } from '../../../../src/child/archive/limits.ts';
import { nameInside } from '../../../../src/child/archive/tar/names.ts';

const inside = (name: string): string => nameInside(name, 'entry', defaultArchiveLimits);

describe('the name below the destination of', () => {
  const table = {
    a: 'a',
    './a': 'a',
    './a/': 'a',
    'a//b///c': 'a/b/c',
    'a/./b/.': 'a/b',
    '././a': 'a',
    '.': '',
    './': '',
    './/.//': '',
    '...': '...',
    '..a/b..': '..a/b..',
    '.a/.b': '.a/.b',
    '-x': '-x',
    'a\\..\\b': 'a\\..\\b',
  };
  for (const [name, expected] of Object.entries(table)) {
    test(`${JSON.stringify(name)} is ${JSON.stringify(expected)}`, () => {
      assert.equal(inside(name), expected);
    });
  }
});

test('a name is refused, or stays inside of the destination however it is resolved', () => {
  const name = fc
    .array(fc.constantFrom('a', 'bc', '.', '..', '', '...', '-', ' ', '\xe4'), { maxLength: 8 })
    .map((parts) => parts.join('/'));
  fc.assert(
    fc.property(name, (text) => {
      try {
        const found = inside(text);
        assert.equal(posix.join('/dst', found), posix.join('/dst', text).replace(/(.)\/$/, '$1'));
        assert.ok(!found.split('/').includes('..'));
      } catch (error) {
        assert.ok(error instanceof ContentError && error.reason === 'ArchiveUnsafe', String(error));
        assert.ok(text.startsWith('/') || text.split('/').includes('..'));
      }
    }),
    { numRuns: 2000 },
  );
});
