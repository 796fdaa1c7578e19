import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { execa } from 'execa';
import { decompress } from '../../../src/child/archive/decompress/decompress.ts';
import { defaultArchiveLimits } from '../../../src/child/archive/limits.ts';
import type { Spawn } from '../../../src/child/archive/program.ts';
import { isContentError } from '../../init/support/content-error.ts';

const plain = Buffer.from('tar or not, this stage does not care\n'.repeat(40_000));

/** As on a node without igzip. */
const withoutIgzip = ((command: string, ...rest: [string[], object]) =>
  spawn(command === 'igzip' ? 'no-such-program' : command, ...rest)) as Spawn;

async function* inChunks(content: Buffer, bytes: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; start += bytes) {
    yield Buffer.from(content.subarray(start, start + bytes));
  }
}

async function decompressed(
  content: Buffer,
  options: Partial<Parameters<typeof decompress>[1]> = {},
  chunk = 5000,
): Promise<Buffer> {
  const out: Buffer[] = [];
  const all = { limits: defaultArchiveLimits, spawn, ...options };
  for await (const bytes of decompress(inChunks(content, chunk), all)) out.push(Buffer.from(bytes));
  return Buffer.concat(out);
}

const ways = {
  'gzip by igzip': { compress: (bytes: Buffer) => gzipSync(bytes), spawn },
  'gzip by node:zlib': { compress: (bytes: Buffer) => gzipSync(bytes), spawn: withoutIgzip },
  zstd: { compress: (bytes: Buffer) => zstdCompressSync(bytes), spawn },
};

for (const [name, { compress, spawn: way }] of Object.entries(ways)) {
  describe(name, () => {
    const content = compress(plain);
    const half = plain.length / 2;
    const twice = Buffer.concat([
      compress(plain.subarray(0, half)),
      compress(plain.subarray(half)),
    ]);

    test('comes out as it went in', async () => {
      assert.ok((await decompressed(content, { spawn: way })).equals(plain));
    });
    test('comes out as it went in, byte by byte', async () => {
      const small = compress(plain.subarray(0, 1000));
      assert.ok((await decompressed(small, { spawn: way }, 1)).equals(plain.subarray(0, 1000)));
    });
    test('may have several members or frames', async () => {
      assert.ok((await decompressed(twice, { spawn: way })).equals(plain));
    });
    test('may be followed by zeros', async () => {
      const padded = Buffer.concat([content, Buffer.alloc(1000)]);
      assert.ok((await decompressed(padded, { spawn: way })).equals(plain));
    });
    for (const missing of [1, 9, 100, content.length - 5]) {
      test(`that misses ${missing} bytes is corrupt`, async () => {
        await assert.rejects(
          decompressed(content.subarray(0, content.length - missing), { spawn: way }),
          isContentError('ArchiveCorrupt', /compressed archive is damaged or cut off/),
        );
      });
    }
    test('that compresses too well to be true is beyond the limit', async () => {
      const limits = { ...defaultArchiveLimits, ratio: 20, ratioFromBytes: 100_000 };
      await assert.rejects(
        decompressed(compress(Buffer.alloc(10_000_000)), { spawn: way, limits }),
        isContentError('LimitExceeded', /more than 20 times its size/),
      );
    });
    test('throws what its source throws', async () => {
      const source = async function* (): AsyncGenerator<Buffer> {
        yield Buffer.from(content.subarray(0, 1000));
        throw new Error('the network is down');
      };
      const read = async (): Promise<void> => {
        const all = decompress(source(), { limits: defaultArchiveLimits, spawn: way });
        for await (const chunk of all) void chunk;
      };
      await assert.rejects(read(), /the network is down/);
    });
    test('may be left in the middle', async () => {
      const all = decompress(inChunks(content, 1000), { limits: defaultArchiveLimits, spawn: way });
      for await (const chunk of all) {
        assert.ok(chunk.length > 0);
        break;
      }
    });
  });
}

test('a zstd window that does not fit into memory is beyond the limit', async () => {
  const { stdout } = await execa('zstd', ['--long=27', '-c'], {
    input: Buffer.concat([plain, Buffer.alloc(64 * 1024 ** 2)]),
    encoding: 'buffer',
  });
  await assert.rejects(
    decompressed(Buffer.from(stdout)),
    isContentError('LimitExceeded', /window of more than 32 MiB/),
  );
});

test('what is not compressed passes as it is', async () => {
  assert.ok((await decompressed(plain)).equals(plain));
  assert.equal((await decompressed(Buffer.from('ab'), {}, 1)).toString(), 'ab');
});
