import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCleaner } from '../../src/init/clean.ts';

const { text, line } = createCleaner([]);

const cases: readonly (readonly [string, string, string])[] = [
  ['colours and cursor movements', '\u001B[31mred\u001B[0m\u001B[2K', 'red'],
  ['control characters', 'a\0b\u0007c\u009fd', 'abcd'],
  ['characters that reorder or hide text', 'a\u202Eb\u200Bc\uFEFF', 'abc'],
  ['carriage returns', 'one\r\ntwo\rthree', 'one\ntwo\nthree'],
  ['half of a surrogate pair', 'a\uD800b', 'a\uFFFDb'],
];
for (const [name, raw, expected] of cases) {
  test(`${name} do not get through`, () => {
    assert.equal(text(raw, 100), expected);
  });
}

test('a percent sign stays what it is', () => {
  assert.equal(
    text('cannot fetch http://host/a%20b (%s %d)', 100),
    'cannot fetch http://host/a%20b (%s %d)',
  );
});

test('a line is a single one', () => {
  assert.equal(line(' a\n\tb\r\nc ', 100), 'a b c');
});

test('a text is cut to the limit, between characters', () => {
  assert.equal(text('abcdef', 4), 'abc…');
  assert.equal(text('ab😀def', 4), 'ab…');
});

test('a secret with control characters strewn in is redacted', () => {
  const cleaner = createCleaner(['password']);
  assert.equal(
    cleaner.text('the pass\u0000word and pass\u001B[1mword', 100),
    'the [redacted] and [redacted]',
  );
});

test('a text that was cut off says so and does not end in a piece of a secret', () => {
  const cleaner = createCleaner(['password']);
  assert.equal(cleaner.text({ text: 'the passw', cut: true }, 100), 'the …');
});

test('whatever comes in, what comes out is bounded, printable and well-formed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 50 }), (raw, limit) => {
      const clean = line(raw, limit);
      assert.ok(clean.length <= limit);
      assert.doesNotMatch(clean, /\p{Cc}/u);
      assert.ok(clean.isWellFormed());
    }),
  );
});
