import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Header } from 'tar';
import {
  examine,
  fields,
  readNumber,
  writeChecksum,
  writeNumber,
} from '../../../../src/child/archive/tar/block.ts';
import { base256, rawEntry } from '../../../support/archive-maker.ts';

const anyId = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 32 - 2 }), fc.constant(0o7777777));
const anySize = fc.oneof(fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));

test('numbers are read as node-tar reads them, and come back as they were written', () => {
  fc.assert(
    fc.property(anyId, anyId, anySize, (uid, gid, size) => {
      const block = rawEntry({ name: 'x' }).subarray(0, 512);
      writeNumber(block, fields.uid, uid);
      writeNumber(block, fields.gid, gid);
      writeNumber(block, fields.size, size);
      writeChecksum(block);
      const header = new Header(block);
      assert.ok(header.cksumValid);
      assert.deepEqual([header.uid, header.gid, header.size], [uid, gid, size]);
      assert.deepEqual(
        [fields.uid, fields.gid, fields.size].map((field) => readNumber(block, field)),
        [uid, gid, size],
      );
      assert.equal(examine(block), 'valid');
    }),
  );
});

describe('a number field', () => {
  const field = { at: 0, length: 8 };
  const read: Record<string, readonly [string | Buffer, number | undefined]> = {
    'padded with zeros': ['0001750\0', 1000],
    'padded with blanks': ['   1750 ', 1000],
    'without an end': ['77777777', 0o77777777],
    'with two ends': ['001750 \0', 1000],
    'that is blank': ['        ', 0],
    'of NULs': [Buffer.alloc(8), 0],
    'in base-256': [base256(3_000_000, 8), 3_000_000],
    'with a digit that is none': ['0001780\0', undefined],
    'with letters': ['abc', undefined],
    'that is negative': [Buffer.alloc(8, 0xff), undefined],
    'beyond 2^53': [Buffer.from([0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), undefined],
    'in a base that nobody knows': [Buffer.from([0x81, 0, 0, 0, 0, 0, 0, 1]), undefined],
  };
  for (const [what, [bytes, value]] of Object.entries(read)) {
    test(`${what} is ${value}`, () => {
      const block = Buffer.alloc(512);
      Buffer.from(bytes).copy(block);
      assert.equal(readNumber(block, field), value);
    });
  }
});

describe('a block is', () => {
  test('zero when all of it is', () => assert.equal(examine(Buffer.alloc(512)), 'zero'));
  test('invalid when its checksum is wrong', () => {
    assert.equal(examine(rawEntry({ checksum: 1 })), 'invalid');
  });
  test('invalid when all but its checksum is zero', () => {
    const block = Buffer.alloc(512);
    block[150] = 1;
    assert.equal(examine(block), 'invalid');
  });
  test('valid with a checksum of signed bytes', () => {
    const name = '\xe4\xf6\xfc';
    const plain = rawEntry({ name }).subarray(0, 512);
    const sum = readNumber(plain, fields.checksum) ?? 0;
    assert.equal(examine(rawEntry({ name, checksum: sum - 3 * 256 })), 'valid');
  });
});
