import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineTooLong, splitLines } from '../../src/controller/lines.ts';

async function* chunksOf(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let start = 0;
  for (const size of sizes) {
    yield bytes.subarray(start, start + size);
    start += size;
  }
  yield bytes.subarray(start);
}

test('lines come out whole, however the stream is cut into chunks', async () => {
  const line = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ''));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(9)), async (lines, sizes) => {
      const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
      const got = await Array.fromAsync(splitLines(chunksOf(bytes, sizes), 10_000));
      assert.deepEqual(
        got,
        lines.map((each) => Buffer.from(each).toString()),
      );
    }),
  );
});

test('a last line without an end is dropped, for it was cut off', async () => {
  const bytes = Buffer.from('{"whole":1}\n{"cut":');
  assert.deepEqual(await Array.fromAsync(splitLines(chunksOf(bytes, [3]), 100)), ['{"whole":1}']);
});

for (const [what, sizes] of [
  ['at once', []],
  ['in pieces', [4, 4, 4]],
] as const) {
  test(`a line that is longer than the limit and comes ${what} is refused`, async () => {
    const bytes = Buffer.from('short\n0123456789\n');
    await assert.rejects(Array.fromAsync(splitLines(chunksOf(bytes, sizes), 9)), LineTooLong);
    assert.equal((await Array.fromAsync(splitLines(chunksOf(bytes, sizes), 10))).length, 2);
  });
}
