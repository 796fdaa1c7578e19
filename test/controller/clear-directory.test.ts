import assert from 'node:assert/strict';
import { mkdir, readdir, rmdir, symlink, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { clearDirectory } from '../../src/controller/clear-directory.ts';
import { bindMount } from '../support/bind-mount.ts';
import { lacks } from '../support/requirements.ts';
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

test('nothing is cleared while something is mounted in it', { skip: lacks('root') }, async () => {
  await using temp = await createTempDir();
  await mkdir(temp.join('precious'));
  await writeFile(temp.join('precious/work'), '');
  await mkdir(temp.join('content'));
  await writeFile(temp.join('content/file'), '');
  {
    await using _ = await bindMount(temp.join('precious'), temp.join('content/deep/mount'));
    await assert.rejects(clearDirectory(temp.join('content'), never), {
      reason: 'DestinationFailed',
      message: /content\/deep\/mount/,
    });
  }
  assert.deepEqual(await readdir(temp.join('precious')), ['work']);
  assert.deepEqual((await readdir(temp.join('content'))).toSorted(), ['deep', 'file']);
  await rmdir(temp.join('content/deep/mount'));
  await clearDirectory(temp.join('content'), never);
  assert.deepEqual(await readdir(temp.join('content')), []);
});

test('what cannot be cleared is told', async () => {
  await using temp = await createTempDir();
  await assert.rejects(clearDirectory(temp.join('missing'), never));
  await assert.rejects(clearDirectory(temp.path, AbortSignal.abort()));
});
