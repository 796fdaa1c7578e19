/** How much memory a restore takes, in a process of its own. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { execa } from 'execa';
import { bundle } from '../../../scripts/build/bundle.ts';
import { rawArchive } from '../../support/archive-maker.ts';
import { type ObjectServer, startObjectServer } from '../../support/archive-server.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';

const source = fileURLToPath(new URL('../../support/archive-memory.ts', import.meta.url));
const mebibyte = 1024 ** 2;

let server: ObjectServer;
let temp: TempDir;
let program: string;
before(async () => {
  [server, temp] = await Promise.all([startObjectServer(), createTempDir()]);
  // As the child is, without what reading TypeScript takes.
  program = temp.join('program.mjs');
  await bundle(source, program);
});
after(async () => {
  await server.stop();
  await temp.remove();
});

async function peakOf(content: Buffer, bytesPerSecond?: number): Promise<number> {
  const slow = bytesPerSecond === undefined ? {} : { bytesPerSecond };
  const { href } = server.put('/archive', { content, ...slow });
  const { stdout } = await execa(process.execPath, [program, href]);
  return Number(stdout);
}

const large = rawArchive({ name: 'large', payload: Buffer.alloc(320 * mebibyte, 'not zero') });
const ways: Record<string, () => Promise<number>> = {
  'by one connection': async () => await peakOf(large),
  'by many connections': async () => await peakOf(large, 40e6),
  'from gzip': async () => await peakOf(gzipSync(large, { level: 1 })),
  'from zstd': async () => await peakOf(zstdCompressSync(large)),
};
for (const [way, restore] of Object.entries(ways)) {
  test(`an archive of 320 MiB ${way} is restored in less than 150 MB`, async () => {
    const peak = await restore();
    assert.ok(peak > 20e6 && peak < 150e6, `${peak} bytes`);
  });
}
