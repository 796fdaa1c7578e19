import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { clearDirectory } from '../../src/controller/clear-directory.ts';
import { createTempDir } from '../support/temp.ts';

const never = new AbortController().signal;

test('all goes but lost+found and the directory itself, and no link is followed', async () => {
  await using temp = await createTempDir();
  await mkdir(temp.join('outside'));
  await writeFile(temp.join('outside', 'precious'), '');
  await mkdir(temp.join('content', '.git', 'deep'), { recursive: true });
  await mkdir(temp.join('content', 'lost+found', 'kept'), { recursive: true });
  await mkdir(temp.join('content', 'sub', 'lost+found'), { recursive: true });
  for (const name of ['-rf', 'with\nnewline', '*', '.git/deep/file']) {
    await writeFile(temp.join('content', name), '');
  }
  await symlink(temp.join('outside'), temp.join('content', 'link'));
  await symlink(temp.join('outside'), temp.join('content', '.git', 'link'));

  await clearDirectory(temp.join('content'), never);
  assert.deepEqual(await readdir(temp.join('content'), { recursive: true }), [
    'lost+found',
    'lost+found/kept',
  ]);
  assert.deepEqual(await readdir(temp.join('outside')), ['precious']);
});

test('what cannot be cleared is told', async () => {
  await using temp = await createTempDir();
  await assert.rejects(clearDirectory(temp.join('missing'), never));
  await assert.rejects(clearDirectory(temp.path, AbortSignal.abort()));
});
