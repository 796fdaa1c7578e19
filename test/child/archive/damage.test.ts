/** Archives that are cut off or damaged: an error that says so, in time, wherever it is. */
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import { execa } from 'execa';
import fc from 'fast-check';
import { ContentError } from '../../../src/api/errors.ts';
import { defaultArchiveLimits } from '../../../src/child/archive/limits.ts';
import { TarRewriter } from '../../../src/child/archive/tar/rewriter.ts';
import { makeTree } from '../../support/archive-tree.ts';
import {
  createRestoreHarness,
  idMappings,
  listTree,
  owner,
  type RestoreHarness,
} from '../../support/archive-restore.ts';
import { endMark, rawArchive, rawEntry } from '../../support/archive-maker.ts';
import { isContentError } from '../../init/support/content-error.ts';

let harness: RestoreHarness;
/** Of GNU tar, padded to a record of 10 KiB. */
const archives: Record<string, Buffer> = {};

before(async () => {
  harness = await createRestoreHarness();
  const tree = harness.temp.join('tree');
  await mkdir(tree);
  await makeTree(tree, { long: true, special: true });
  for (const format of ['gnu', 'pax']) {
    const path = harness.temp.join(`${format}.tar`);
    await execa('tar', ['-C', tree, '--sparse', `--format=${format}`, '-cf', path, '.']);
    archives[format] = await readFile(path);
  }
});
after(async () => await harness[Symbol.asyncDispose]());

const archive = (format: string): Buffer => archives[format] ?? Buffer.alloc(0);

/** Where the last entry ends and the end mark begins. */
function contentEnd(content: Buffer): number {
  let end = content.length;
  while (content.subarray(end - 512, end).every((byte) => byte === 0)) end -= 512;
  return end;
}

/** What the rewriter alone makes of it; without GNU tar it takes no time. */
function rewritten(content: Buffer, chunkBytes = 1000): Buffer {
  const rewriter = new TarRewriter({ ...owner, idMappings }, defaultArchiveLimits);
  const out: Buffer[] = [];
  for (let start = 0; start < content.length; start += chunkBytes) {
    out.push(...rewriter.push(Buffer.from(content.subarray(start, start + chunkBytes))));
  }
  return Buffer.concat([...out, rewriter.end()]);
}

describe('an archive that is cut', () => {
  for (const format of ['gnu', 'pax']) {
    test(`anywhere before the end of its end mark is corrupt: ${format}`, () => {
      const content = archive(format);
      const complete = contentEnd(content) + endMark.length;
      const rewriter = new TarRewriter({ ...owner, idMappings }, defaultArchiveLimits);
      // Byte by byte: after each it could be the end.
      for (let length = 0; length < complete; length += 1) {
        assert.throws(
          () => rewriter.end(),
          isContentError('ArchiveCorrupt', /ends before/),
          `cut at ${length} of ${complete}`,
        );
        rewriter.push(Buffer.from(content.subarray(length, length + 1)));
      }
      assert.doesNotThrow(() => rewriter.end());
    });
  }

  test('between blocks of its padding has lost nothing, within one it is corrupt', () => {
    const content = archive('gnu');
    assert.ok(content.length > contentEnd(content) + 2048, 'the archive is padded');
    assert.doesNotThrow(() => rewritten(content.subarray(0, content.length - 512)));
    assert.throws(
      () => rewritten(content.subarray(0, content.length - 1)),
      isContentError('ArchiveCorrupt', /ends before/),
    );
  });

  const compressions = { none: (bytes: Buffer) => bytes, gzip: gzipSync, zstd: zstdCompressSync };
  for (const [name, compress] of Object.entries(compressions)) {
    test(`is corrupt through the whole pipeline: ${name}`, async () => {
      const content = archive('pax');
      const whole = compress(content.subarray(0, contentEnd(content) + endMark.length));
      await fc.assert(
        fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
          await assert.rejects(
            harness.restore(whole.subarray(0, length)),
            isContentError('ArchiveCorrupt', /./),
          );
        }),
        { numRuns: 40, examples: [[0], [1], [3], [512], [whole.length - 1]] },
      );
    });
  }
});

/** What may come of damage: an error with a reason that fits. */
const fitting = new Set(['ArchiveCorrupt', 'ArchiveUnsafe', 'LimitExceeded', 'DestinationFailed']);

async function outcome(content: Buffer): Promise<string[] | ContentError> {
  try {
    return await listTree((await harness.restore(content)).where);
  } catch (error) {
    if (error instanceof ContentError && fitting.has(error.reason)) return error;
    throw error;
  }
}

describe('an archive with a bit that has turned', () => {
  const flip = (content: Buffer, position: number, bit: number): Buffer => {
    const copy = Buffer.from(content);
    copy[position] = (copy[position] ?? 0) ^ (1 << bit);
    return copy;
  };
  const anyFlip = (length: number) => fc.tuple(fc.nat(length - 1), fc.nat(7));

  test('in a header or the end mark is corrupt, or unharmed where it means the same', () => {
    const content = rawArchive({ name: 'a', payload: 'x' }, { name: 'b', type: '5' });
    const unharmed = rewritten(content);
    const isPayload = (position: number): boolean => position >= 512 && position < 1024;
    let same = 0;
    for (let position = 0; position < content.length; position += 1) {
      if (isPayload(position)) continue;
      try {
        // Such as a blank for the first zero of a number.
        assert.ok(rewritten(flip(content, position, position % 8)).equals(unharmed));
        same += 1;
      } catch (error) {
        assert.ok(isContentError('ArchiveCorrupt', /./)(error), `at ${position}`);
      }
    }
    assert.ok(same < 10, `${same} flips went unnoticed`);
  });

  for (const format of ['gnu', 'pax']) {
    test(`ends in time, with an error or with the rest as it was: ${format}`, async () => {
      const content = archive(format);
      const length = contentEnd(content) + endMark.length;
      await fc.assert(
        fc.asyncProperty(anyFlip(length), async ([position, bit]) => {
          await outcome(flip(content.subarray(0, length), position, bit));
        }),
        { numRuns: 150 },
      );
    });
  }

  for (const [name, compress] of Object.entries({
    gzip: (bytes: Buffer) => gzipSync(bytes),
    zstd: (bytes: Buffer) => zstdCompressSync(bytes, { params: { 201: 1 } }),
  })) {
    test(`in its ${name} form is corrupt, or unharmed where the bit means nothing`, async () => {
      const whole = compress(archive('gnu'));
      const unharmed = await outcome(whole);
      await fc.assert(
        fc.asyncProperty(anyFlip(whole.length), async ([position, bit]) => {
          const got = await outcome(flip(whole, position, bit));
          if (!(got instanceof ContentError)) assert.deepEqual(got, unharmed);
        }),
        { numRuns: 80 },
      );
    });
  }
});

describe('rewriting does not depend on where chunks end', () => {
  for (const format of ['gnu', 'pax']) {
    test(format, () => {
      const content = archive(format);
      const whole = rewritten(content, content.length);
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 20_000 }), (chunkBytes) => {
          assert.ok(rewritten(content, chunkBytes).equals(whole), `chunks of ${chunkBytes}`);
        }),
        { numRuns: 60, examples: [[1], [511], [512], [513]] },
      );
    });
  }
});

describe('what ends an archive', () => {
  const entry = rawEntry({ name: 'a', payload: 'x' });
  const other = rawEntry({ name: 'b', payload: 'y' });
  const names = async (content: Buffer): Promise<string[]> =>
    (await listTree((await harness.restore(content)).where))
      .slice(1)
      .map((line) => line.slice(0, 1));

  // Fault 5 of the original.
  test('may be padded, as far as it likes', async () => {
    const padded = Buffer.concat([entry, endMark, Buffer.alloc(3 * 1024 * 1024)]);
    assert.deepEqual(await names(padded), ['a']);
  });
  test('may be followed by another archive', async () => {
    const two = Buffer.concat([entry, endMark, Buffer.alloc(8192), other, endMark]);
    assert.deepEqual(await names(two), ['a', 'b']);
  });
  test('may stand alone', async () => assert.deepEqual(await names(Buffer.from(endMark)), []));

  const broken = {
    'is missing': entry,
    'is one block of zeros only': Buffer.concat([entry, Buffer.alloc(512)]),
    'has one block of zeros and goes on': Buffer.concat([entry, Buffer.alloc(512), other, endMark]),
    'is followed by something else': Buffer.concat([entry, endMark, Buffer.alloc(512, 'x')]),
    'is all that is not there': Buffer.alloc(0),
  };
  for (const [what, content] of Object.entries(broken)) {
    test(`may not be: ${what}`, async () => {
      await assert.rejects(harness.restore(content), isContentError('ArchiveCorrupt', /./));
    });
  }

  test('is not looked for in what is no archive', async () => {
    const page = Buffer.from('<!doctype html>'.padEnd(2000, 'x'));
    await assert.rejects(
      harness.restore(page),
      isContentError('ArchiveCorrupt', /is not a tar archive/),
    );
  });
});
