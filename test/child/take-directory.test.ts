import assert from 'node:assert/strict';
import { chmod, chown, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { takeDirectory } from '../../src/child/take-directory.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';

const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
/** Only root may give away; anybody else takes what is theirs. */
const other = own.uid === 0 ? { uid: 33333, gid: 44444 } : own;

describe('taking a directory', () => {
  let temp: TempDir;
  beforeEach(async () => {
    temp = await createTempDir();
    await mkdir(temp.join('directory'));
    await writeFile(temp.join('directory/file'), '');
  });
  afterEach(async () => await temp.remove());

  test('gives it, but nothing in it, to its owner', async () => {
    await takeDirectory(temp.join('directory'), other);
    const { uid, gid } = await stat(temp.join('directory'));
    assert.deepEqual({ uid, gid }, other);
    assert.equal((await stat(temp.join('directory/file'))).uid, own.uid);
  });

  for (const [before, after] of [
    [0o000, 0o700],
    [0o500, 0o700],
    [0o1057, 0o1757],
    [0o755, 0o755],
    [0o2770, 0o2770],
  ] as const) {
    test(`lets its owner do everything in it: ${before.toString(8)} becomes ${after.toString(8)}`, async () => {
      await chown(temp.join('directory'), other.uid, other.gid);
      await chmod(temp.join('directory'), before);
      await takeDirectory(temp.join('directory'), other);
      assert.equal((await stat(temp.join('directory'))).mode & 0o7777, after);
    });
  }

  test('does not go through a link', async () => {
    await symlink('directory', temp.join('link'));
    await assert.rejects(takeDirectory(temp.join('link'), other), { code: 'ENOTDIR' });
    assert.equal((await stat(temp.join('directory'))).uid, own.uid);
  });
});
