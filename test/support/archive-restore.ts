import { chown, lstat, mkdir, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Transport } from '../../src/child/archive/download/transport.ts';
import {
  type Restored,
  restoreArchive,
  type RestoreOptions,
} from '../../src/child/archive/restore.ts';
import { createTempDir, type TempDir } from './temp.ts';

export const owner = { uid: 33333, gid: 33333 };

/** Those of the original. */
export const idMappings = [
  { containerID: 0, hostID: 33333, size: 1 },
  { containerID: 1, hostID: 100000, size: 65534 },
];

/** Answers with these bytes, in chunks of their own. */
export function transportOf(content: Uint8Array, chunkBytes = 64 * 1024): Transport {
  return async () => ({
    status: 200,
    headers: { 'content-length': String(content.length), etag: '"1"' },
    body: chunksOf(content, chunkBytes),
    discard: () => undefined,
  });
}

async function* chunksOf(content: Uint8Array, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; start += chunkBytes) {
    yield Buffer.from(content.slice(start, start + chunkBytes));
  }
}

export type RestoreChanges = Partial<RestoreOptions>;

export interface RestoreHarness extends AsyncDisposable {
  readonly temp: TempDir;
  /** An empty directory that belongs to the owner. */
  destination(): Promise<string>;
  /** Restores these bytes; where is `destination` or an empty directory. Fails when it takes too long. */
  restore(content: Uint8Array, changes?: RestoreChanges): Promise<Restored & { where: string }>;
}

const deadlineMs = 30_000;

export async function createRestoreHarness(): Promise<RestoreHarness> {
  const temp = await createTempDir('wsc-archive-');
  let made = 0;
  const destination = async (): Promise<string> => {
    made += 1;
    const path = temp.join(`destination-${made}`);
    await mkdir(path);
    await chown(path, owner.uid, owner.gid);
    return path;
  };
  return {
    temp,
    destination,
    async restore(content, changes = {}) {
      const where = changes.destination ?? (await destination());
      const stop = new AbortController();
      const restoring = restoreArchive({
        url: new URL('http://store.invalid/bucket/full.tar'),
        missing: 'SnapshotNotFound',
        destination: where,
        ...owner,
        idMappings,
        signal: stop.signal,
        transport: transportOf(content),
        ...changes,
      });
      const done = await Promise.race([
        restoring.finally(() => stop.abort()),
        delay(deadlineMs, undefined, { signal: stop.signal }).catch(() => undefined),
      ]);
      if (done === undefined) {
        stop.abort();
        await restoring.catch(() => undefined);
        throw new Error(`the restore hangs: it was not over after ${deadlineMs} ms`);
      }
      return { ...done, where };
    },
    [Symbol.asyncDispose]: temp.remove,
  };
}

/**
 * Everything below a directory, as `path: type mode uid:gid what`, sorted. The directory itself is `.`.
 * Names are bytes in latin1 strings: not all are UTF-8.
 */
export async function listTree(root: string, path = '.'): Promise<string[]> {
  const here = Buffer.from(join(root, path), 'latin1');
  const lines = [`${path}: ${await describe(here)}`];
  if (!(await lstat(here)).isDirectory()) return lines;
  const names = await readdir(here, { encoding: 'latin1' });
  for (const name of names.sort()) lines.push(...(await listTree(root, join(path, name))));
  return lines;
}

async function describe(path: Buffer): Promise<string> {
  const found = await lstat(path);
  const mode = (found.mode & 0o7777).toString(8);
  const who = `${mode} ${found.uid}:${found.gid}`;
  if (found.isSymbolicLink()) return `link ${found.uid}:${found.gid} -> ${await readlink(path)}`;
  if (found.isDirectory()) return `directory ${who}`;
  if (found.isFIFO()) return `fifo ${who}`;
  if (found.isCharacterDevice()) return `device ${who} ${found.rdev}`;
  const content = await readFile(path);
  const start = content
    .subarray(0, 40)
    .toString('latin1')
    .replaceAll(/[^\x20-\x7e]/g, '?');
  const links = found.nlink > 1 ? ` links=${found.nlink}` : '';
  return `file ${who}${links} ${content.length} ${start}`;
}
