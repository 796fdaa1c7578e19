import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bounded, boundedEnd, printable } from '../../src/api/text.ts';

test('a text is made printable, line by line', () => {
  assert.equal(printable(' a\u0000\t b \r\n\n c\u202e\u009b1m '), 'a b\nc 1m');
});

test('a text is bounded at either end', () => {
  assert.equal(bounded('abcdef', 4), 'abc…');
  assert.equal(boundedEnd('abcdef', 4), '…def');
  assert.equal(bounded('abcd', 4), boundedEnd('abcd', 4));
});
