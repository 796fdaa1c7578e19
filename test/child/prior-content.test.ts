import assert from 'node:assert/strict';
import {
  chmod,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { notePriorContent } from '../../src/child/prior-content.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';

describe('prior content', () => {
  let temp: TempDir;
  let outside: TempDir;
  const { signal } = new AbortController();
  beforeEach(async () => {
    [temp, outside] = await Promise.all([createTempDir(), createTempDir()]);
    await mkdir(temp.join('old/deep'), { recursive: true });
    await mkdir(temp.join('lost+found'));
    await writeFile(temp.join('old/file'), 'mine');
    await symlink('nowhere', temp.join('link'));
    await writeFile(outside.join('precious'), '');
  });
  afterEach(async () => {
    await Promise.all([temp.remove(), outside.remove()]);
  });

  test('stays, and what came later goes', async () => {
    const before = await notePriorContent(temp.path);
    await mkdir(Buffer.from(temp.join('old/deep/lat\xe4/x'), 'latin1'), { recursive: true });
    await writeFile(temp.join('old/new'), '');
    await mkdir(temp.join('old/lost+found'));
    await symlink(outside.path, temp.join('old/away'));
    await symlink(outside.path, temp.join('away'));
    await mkdir(temp.join('closed/inner'), { recursive: true });
    await chmod(temp.join('closed'), 0o000);

    assert.equal(await before.bringBack(signal), true);
    assert.deepEqual((await readdir(temp.path, { recursive: true })).sort(), [
      'link',
      'lost+found',
      'old',
      'old/deep',
      'old/file',
    ]);
    assert.equal(await readFile(temp.join('old/file'), 'utf8'), 'mine');
    assert.deepEqual(await readdir(outside.path), ['precious']);
  });

  test('gets the modes of its directories back', async () => {
    const before = await notePriorContent(temp.path);
    await chmod(temp.join('old'), 0o1777);
    assert.equal(await before.bringBack(signal), true);
    assert.equal((await stat(temp.join('old'))).mode & 0o7777, 0o755);
  });

  const changes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a file that is gone', async () => await rm(temp.join('old/file'))],
    ['a directory that is gone', async () => await rm(temp.join('old/deep'), { recursive: true })],
    [
      'a file in the place of another',
      async () => {
        await writeFile(temp.join('new'), 'mine');
        await rename(temp.join('new'), temp.join('old/file'));
      },
    ],
    [
      'a link in the place of a directory',
      async () => {
        await rm(temp.join('old/deep'), { recursive: true });
        await symlink(outside.path, temp.join('old/deep'));
      },
    ],
    ['a file that was written', async () => await writeFile(temp.join('old/file'), 'theirs')],
    ['a file of another mode', async () => await chmod(temp.join('old/file'), 0o600)],
  ];
  for (const [what, change] of changes) {
    test(`is no longer whole with ${what}`, async () => {
      const before = await notePriorContent(temp.path);
      await change();
      assert.equal(await before.bringBack(signal), false);
      assert.deepEqual(await readdir(outside.path), ['precious']);
    });
  }

  test('is whole when a file of it had a second name for a while', async () => {
    const before = await notePriorContent(temp.path);
    await link(temp.join('old/file'), temp.join('second-name'));
    assert.equal(await before.bringBack(signal), true);
  });
});
