import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { capture, readLines } from '../../src/init/channels.ts';
import type { Captured } from '../../src/init/clean.ts';
import { waitFor } from '../support/wait.ts';

test('what is captured is the beginning, and it says whether there was more', async () => {
  const cases: readonly (readonly [string[], Captured])[] = [
    [[], { text: '', cut: false }],
    [['abc', 'd'], { text: 'abcd', cut: false }],
    [['abc', 'de', 'f'], { text: 'abcd', cut: true }],
    [['abcdefghij'], { text: 'abcd', cut: true }],
  ];
  for (const [chunks, expected] of cases) {
    const channel = capture(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), 4);
    await channel.ended;
    assert.deepEqual(channel.captured(), expected);
  }
});

test('lines come out the same however the bytes come in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 1, max: 7 }),
      async (text, size) => {
        const bytes = Buffer.from(text.toWellFormed().replaceAll('\ufeff', ''));
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        const lines: string[] = [];
        await readLines(Readable.from(chunks), 1000, (line) => lines.push(line.text)).ended;
        assert.deepEqual(
          lines,
          bytes
            .toString()
            .split('\n')
            .filter((line) => line !== ''),
        );
      },
    ),
  );
});

test('of a line that is too long the beginning comes out, and the next line is whole', async () => {
  const lines: Captured[] = [];
  const chunks = ['abc', 'defgh', 'ij\nnext\n'].map((chunk) => Buffer.from(chunk));
  await readLines(Readable.from(chunks), 5, (line) => lines.push(line)).ended;
  assert.deepEqual(lines, [
    { text: 'abcde', cut: true },
    { text: 'next', cut: false },
  ]);
});

test('a stream that is destroyed or fails has ended, and what came before counts', async () => {
  for (const error of [undefined, new Error('ECONNRESET')]) {
    const stream = new PassThrough();
    const lines: string[] = [];
    const channel = readLines(stream, 100, (line) => lines.push(line.text));
    stream.write('one\ntwo');
    await waitFor('the first line', () => lines.length > 0);
    stream.destroy(error);
    await channel.ended;
    assert.deepEqual(lines, ['one', 'two']);
  }
});
