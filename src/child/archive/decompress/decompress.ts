import { createGunzip, createZstdDecompress, constants } from 'node:zlib';
import type { Transform } from 'node:stream';
import { beyondLimit, corrupt } from '../failures.ts';
import type { Chunks } from '../chunks.ts';
import type { ArchiveLimits } from '../limits.ts';
import { type Spawn, start } from '../program.ts';
import { joinFirst } from './first.ts';
import { through } from './through.ts';

/** Output of node:zlib comes in pieces of this size: large enough that the way to GNU tar costs little. */
const chunkSize = 256 * 1024;

/** 32 MiB: every level of zstd but the ultra ones stays below, and the memory of this process is bounded. */
const windowLogMax = 25;

export interface DecompressOptions {
  readonly limits: ArchiveLimits;
  readonly spawn: Spawn;
}

/**
 * Takes the compression away that the first bytes tell: gzip (several members, too), zstd (several
 * frames), or none. What ends in the middle throws ArchiveCorrupt; what follows the last member and is
 * none is left aside, as gzip does it.
 */
export async function* decompress(
  source: Chunks,
  options: DecompressOptions,
): AsyncGenerator<Buffer> {
  const { first, all } = await joinFirst(source, longestMagic);
  const kind = kindOf(first);
  if (kind === 'none') {
    yield* all;
    return;
  }
  const counted = { bytes: 0 };
  const plain =
    kind === 'gzip'
      ? gunzip(counting(all, counted), options.spawn)
      : unzstd(counting(all, counted));
  yield* boundedRatio(plain, counted, options.limits);
}

type Kind = 'gzip' | 'zstd' | 'none';

const longestMagic = 4;

function kindOf(first: Buffer): Kind {
  if (first.length < longestMagic) return 'none';
  if (first.readUInt16BE(0) === 0x1f8b) return 'gzip';
  const magic = first.readUInt32LE(0);
  const skippable = magic >= 0x184d_2a50 && magic <= 0x184d_2a5f;
  if (magic === 0xfd2f_b528 || skippable) return 'zstd';
  return 'none';
}

/** igzip (package isal) is 2.5 times as fast as node:zlib, and works beside this process. */
async function* gunzip(source: Chunks, spawn: Spawn): AsyncGenerator<Buffer> {
  const igzip = start(spawn, 'igzip', ['--decompress', '--stdout', '--quiet']);
  if (!(await igzip.started)) {
    yield* viaZlib(source, createGunzip({ chunkSize }));
    return;
  }
  try {
    yield* through(source, igzip.stdin, igzip.stdout);
    const { code, signal } = await igzip.ended;
    if (code !== 0)
      throw damaged(`igzip ended ${signal === null ? `with ${code}` : `by ${signal}`}`);
  } finally {
    await igzip.kill();
  }
}

async function* unzstd(source: Chunks): AsyncGenerator<Buffer> {
  const params = { [constants.ZSTD_d_windowLogMax]: windowLogMax };
  yield* viaZlib(source, createZstdDecompress({ chunkSize, params }));
}

async function* viaZlib(source: Chunks, stream: Transform): AsyncGenerator<Buffer> {
  try {
    yield* through(source, stream, stream);
  } catch (error) {
    throw zlibFailure(error) ?? error;
  } finally {
    stream.destroy();
  }
}

/** Codes of node:zlib, such as Z_BUF_ERROR for an end in the middle and ZSTD_error_checksum_wrong. */
function zlibFailure(error: unknown): Error | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string')
    return undefined;
  if (error.code === 'ZSTD_error_frameParameter_windowTooLarge') {
    const mebibytes = 2 ** (windowLogMax - 20);
    return beyondLimit(
      `the archive needs a zstd window of more than ${mebibytes} MiB (--long, --ultra)`,
    );
  }
  return /^Z(?:STD)?_/.test(error.code) ? damaged(error.message, error) : undefined;
}

function damaged(why: string, cause?: Error): Error {
  return corrupt(`the compressed archive is damaged or cut off (${why})`, { cause });
}

async function* counting(source: Chunks, counted: { bytes: number }): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    counted.bytes += chunk.length;
    yield chunk;
  }
}

async function* boundedRatio(
  source: Chunks,
  compressed: { readonly bytes: number },
  { ratio, ratioFromBytes }: ArchiveLimits,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > ratioFromBytes && bytes > compressed.bytes * ratio) {
      throw beyondLimit(`the archive decompresses to more than ${ratio} times its size`);
    }
    yield chunk;
  }
}
