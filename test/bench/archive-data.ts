/** The archives that are restored for measuring. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, gzip, zstdCompress } from 'node:zlib';
import { endMark, rawEntry } from '../support/archive-maker.ts';

const fileCount = 60_000;
const largeCount = 4;
const largeBytes = 256 * 1024 ** 2;

export interface BenchArchive {
  readonly name: string;
  /** As it is served. */
  readonly content: Buffer;
  /** Its decompressed form on disk. */
  readonly plainPath: string;
}

/** 60,000 small files as tar, tar.gz and tar.zst, and 1 GiB in four files. Plain forms go to `directory`. */
export async function makeArchives(directory: string): Promise<Record<string, BenchArchive>> {
  const small = smallFiles();
  const smallPath = `${directory}/small.tar`;
  const large = largeFiles();
  const largePath = `${directory}/large.tar`;
  await writeFile(smallPath, small);
  await writeFile(largePath, large);
  const gzipped = await promisify(gzip)(small, { level: 3 });
  const zstandard = await promisify(zstdCompress)(small, {
    params: { [constants.ZSTD_c_checksumFlag]: 1 },
  });
  return {
    small: { name: '60,000 small files, tar', content: small, plainPath: smallPath },
    gzip: { name: '60,000 small files, tar.gz', content: gzipped, plainPath: smallPath },
    zstd: { name: '60,000 small files, tar.zst', content: zstandard, plainPath: smallPath },
    large: { name: '1 GiB in four files, tar', content: large, plainPath: largePath },
  };
}

/** In directories of a hundred, of 500 to 10,000 bytes, that compress about as well as source code does. */
function smallFiles(): Buffer {
  const text = words(1_000_000);
  const entries: Buffer[] = [];
  for (let index = 0; index < fileCount; index += 1) {
    const folder = `./node_modules/package-${Math.floor(index / 100)}`;
    if (index % 100 === 0) entries.push(rawEntry({ name: `${folder}/`, type: '5', mode: 0o755 }));
    const length = 500 + ((index * 7919) % 9500);
    const start = (index * 104_729) % (text.length - length);
    const payload = text.subarray(start, start + length);
    entries.push(rawEntry({ name: `${folder}/file-${index}.js`, payload }));
  }
  return Buffer.concat([...entries, endMark]);
}

/** Words of a vocabulary whose order is random: gzip makes about two fifths of them. */
function words(length: number): Buffer {
  const vocabulary = Array.from({ length: 4000 }, () => randomBytes(5).toString('hex'));
  const picks = new Uint16Array(randomBytes(length / 4).buffer);
  const text = Array.from(picks, (pick) => vocabulary[pick % vocabulary.length]).join(' ');
  return Buffer.from(text.slice(0, length));
}

function largeFiles(): Buffer {
  const payload = randomBytes(largeBytes);
  const entries = Array.from({ length: largeCount }, (_, index) =>
    rawEntry({ name: `./large-${index}`, payload }),
  );
  return Buffer.concat([...entries, endMark]);
}
