/** Content that is to go from a disk that has no room for the journal's word on it. */
import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { type DeletionParts, finishDeletion } from '../../src/controller/deletion.ts';
import { isForWantOfRoom, Journal } from '../../src/controller/journal.ts';
import { PathClaims } from '../../src/controller/path-claims.ts';
import { removeDirectory } from '../../src/controller/remove-directory.ts';
import { sampleResource, succeeded } from '../controller/samples.ts';
import { lacks } from '../support/requirements.ts';
import { createTempDir } from '../support/temp.ts';
import { mountTmpfs } from './support/mounts.ts';

test(
  'on a full disk content goes with its resource all the same',
  { skip: lacks('root') },
  async () => {
    await using temp = await createTempDir();
    await using disk = await mountTmpfs(temp.join('disk'), 'size=1m');
    const dataRoot = join(disk.path, 'data');
    const entry = { ...succeeded, hostPath: join(dataRoot, 'default/one') };
    const journal = await Journal.open(join(disk.path, 'journal'), 0);
    await journal.write(entry);
    await mkdir(entry.hostPath, { recursive: true });
    await writeFile(join(entry.hostPath, 'big'), Buffer.alloc(2 ** 21)).catch(() => undefined);
    await assert.rejects(journal.write(entry), isForWantOfRoom);

    const done: string[] = [];
    const parts = {
      engine: {
        remove: async (namespace: string, path: string, signal: AbortSignal): Promise<void> =>
          await removeDirectory({ dataRoot, namespace, path }, signal),
      },
      ...{ journal, claims: new PathClaims(journal.entries(), () => true) },
      log: pino({ level: 'silent' }),
      finalizers: { set: async () => void done.push(await Promise.resolve('finalizer')) },
      reporter: {
        report: async () => await Promise.resolve(),
        announce: (_: unknown, { reason }: { reason: string }) => void done.push(reason),
      },
      stopping: new AbortController().signal,
    } as unknown as DeletionParts;
    await finishDeletion(parts, sampleResource(), { kind: 'remove', entry }, true);
    assert.deepEqual(done, ['ContentRemoved', 'finalizer']);
    assert.deepEqual(await readdir(join(dataRoot, 'default')), []);
    const after = journal.get(entry.uid);
    assert.ok(after !== undefined && after !== 'unreadable' && !after.dirty && 'removed' in after);
  },
);
