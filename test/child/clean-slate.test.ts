import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import { cleanSlate } from '../../src/child/clean-slate.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { runChildProcess } from './support/child-process.ts';
import { contentRequest } from './support/request.ts';
import { unprivileged } from './support/unprivileged.ts';

describe('a clean slate', () => {
  let temp: TempDir;
  let outside: TempDir;
  beforeEach(async () => {
    [temp, outside] = await Promise.all([createTempDir(), createTempDir()]);
    await writeFile(outside.join('precious'), 'precious');
  });
  afterEach(async () => {
    await Promise.all([temp.remove(), outside.remove()]);
  });

  const { signal } = new AbortController();

  test('removes what is in the destination, but neither itself nor lost+found', async () => {
    await mkdir(temp.join('lost+found/x'), { recursive: true });
    await mkdir(temp.join('a/lost+found'), { recursive: true });
    await writeFile(temp.join('.hidden'), '');
    const { ino } = await stat(temp.path);
    await cleanSlate(temp.path, signal);
    assert.deepEqual(await readdir(temp.path), ['lost+found']);
    assert.deepEqual(await readdir(temp.join('lost+found')), ['x']);
    assert.equal((await stat(temp.path)).ino, ino);
  });

  test('follows no links', async () => {
    await symlink(outside.path, temp.join('directory'));
    await symlink(outside.join('precious'), temp.join('file'));
    await symlink('loop', temp.join('loop'));
    await mkdir(temp.join('deep'));
    await symlink(outside.path, temp.join('deep/directory'));
    await cleanSlate(temp.path, signal);
    assert.deepEqual(await readdir(temp.path), []);
    assert.equal(await readFile(outside.join('precious'), 'utf8'), 'precious');
  });

  test('copes with directories that may not be written, as the user of the content', async () => {
    await mkdir(temp.join('a/b/c'), { recursive: true });
    await writeFile(temp.join('a/b/c/file'), '');
    await symlink(outside.path, temp.join('a/link'));
    await chmod(outside.path, 0o555);
    if (unprivileged.uid !== undefined) {
      await execa('chown', ['-R', `${unprivileged.uid}:${unprivileged.uid}`, temp.path]);
    }
    for (const path of ['a/b/c', 'a/b', 'a']) await chmod(temp.join(path), 0o500);

    const request = contentRequest(temp.path, { empty: {} }, { cleanSlate: true });
    const { exitCode, failure } = await runChildProcess(request, unprivileged);
    assert.deepEqual({ exitCode, failure }, { exitCode: 0, failure: undefined });
    assert.deepEqual(await readdir(temp.path), ['.gitpod']);
    assert.deepEqual(await readdir(outside.path), ['precious']);
  });

  test('copes with names that are not UTF-8', async () => {
    for (const name of ['lat\xe4', 'lat\xe4/deep\xff', 'lat\xe4/deep\xff/file\xfe']) {
      await mkdir(Buffer.from(`${temp.path}/${name}`, 'latin1'));
    }
    await chmod(Buffer.from(temp.join('lat\xe4/deep\xff'), 'latin1'), 0o500);
    if (unprivileged.uid !== undefined) {
      await execa('chown', ['-R', `${unprivileged.uid}:${unprivileged.uid}`, temp.path]);
    }
    await runChildProcess(
      contentRequest(temp.path, { empty: {} }, { cleanSlate: true }),
      unprivileged,
    );
    assert.deepEqual(await readdir(temp.path), ['.gitpod']);
  });

  test('is made only where it is asked for', async () => {
    await writeFile(temp.join('kept'), '');
    await runChildProcess(contentRequest(temp.path, { empty: {} }));
    assert.deepEqual((await readdir(temp.path)).sort(), ['.gitpod', 'kept']);
  });
});
