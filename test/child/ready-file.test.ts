import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { systemRandom } from '../../src/child/clock.ts';
import { placeReadyFile, renderReadyFile } from '../../src/child/ready-file.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { fill } from './support/fill.ts';

const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

describe('the ready file', () => {
  let temp: TempDir;
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => await temp.remove());

  test('says what the programs that wait for it read', () => {
    const metric = {
      path: 'composite[0].git',
      type: 'git',
      duration: 1_234_567_890,
      size: 42,
    } as const;
    assert.equal(
      renderReadyFile('from-other', [metric]),
      '{"source":"from-other","metrics":[{"type":"git","duration":1234567890,"size":42}]}',
    );
  });

  test('is there after a run, readable, and nothing else is', async () => {
    const umask = process.umask(0o022);
    try {
      await fill(temp.path, { empty: {} });
    } finally {
      process.umask(umask);
    }
    assert.deepEqual(await readdir(temp.path), ['.gitpod']);
    assert.deepEqual(await readdir(temp.join('.gitpod')), ['ready']);
    assert.equal((await stat(temp.join('.gitpod'))).mode & 0o777, 0o755);
    assert.equal((await stat(temp.join('.gitpod/ready'))).mode & 0o777, 0o644);
    const text = await readFile(temp.join('.gitpod/ready'), 'utf8');
    assert.equal(text, '{"source":"from-other","metrics":[]}');
  });

  test('takes the place of what the content has under its name, and follows no link there', async () => {
    await mkdir(temp.join('.gitpod'));
    await writeFile(temp.join('precious'), 'precious');
    await symlink('../precious', temp.join('.gitpod/ready'));
    await placeReadyFile(temp.path, '{}', own, systemRandom);
    assert.equal(await readFile(temp.join('.gitpod/ready'), 'utf8'), '{}');
    assert.equal(await readFile(temp.join('precious'), 'utf8'), 'precious');
  });

  test('that cannot be placed is an error that says why, and leaves nothing', async () => {
    await mkdir(temp.join('.gitpod/ready'), { recursive: true });
    await assert.rejects(placeReadyFile(temp.path, '{}', own, systemRandom), {
      reason: 'PathNotAllowed',
      message: 'the content has a directory .gitpod/ready, which is the name of the ready file',
    });
    assert.deepEqual(await readdir(temp.join('.gitpod')), ['ready']);
  });
});
