import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import { isDirectory, removeDirectory } from '../../src/controller/remove-directory.ts';
import { bindMount } from '../support/bind-mount.ts';
import { lacks } from '../support/requirements.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';

const { signal } = new AbortController();

async function remove(temp: TempDir, ...names: string[]): Promise<void> {
  const path = temp.join('data', 'ns', ...names);
  await removeDirectory({ dataRoot: temp.join('data'), namespace: 'ns', path }, signal);
}

/** Content, and beside the data root what must not be touched. */
async function setUp(): Promise<TempDir> {
  const temp = await createTempDir();
  await mkdir(temp.join('data/ns/one/deep/er'), { recursive: true });
  await writeFile(temp.join('data/ns/one/deep/file'), '');
  await mkdir(temp.join('precious'));
  await writeFile(temp.join('precious/work'), 'work');
  return temp;
}

describe('removing a directory', () => {
  test('takes all that is in it, and nothing that its links lead to', async () => {
    await using temp = await setUp();
    await symlink(temp.join('precious'), temp.join('data/ns/one/deep/link'));
    await chmod(temp.join('data/ns/one/deep'), 0o000);
    await remove(temp, 'one');
    assert.deepEqual(await readdir(temp.join('data/ns')), []);
    assert.equal(await readFile(temp.join('precious/work'), 'utf8'), 'work');
  });

  test('is done when nothing is there', async () => {
    await using temp = await setUp();
    await remove(temp, 'other');
    await remove(temp, 'other', 'below');
    await rm(temp.join('data'), { recursive: true });
    await remove(temp, 'one');
  });

  const refused: [string, (temp: TempDir) => Promise<unknown>, RegExp][] = [
    [
      'a link in its place',
      async (temp) => {
        await rm(temp.join('data/ns/one'), { recursive: true });
        await symlink(temp.join('precious'), temp.join('data/ns/one'));
      },
      /data\/ns\/one could not be removed: it is a symbolic link or a file/,
    ],
    [
      'a link above it',
      async (temp) => {
        await rm(temp.join('data/ns'), { recursive: true });
        await mkdir(temp.join('precious/one'));
        await symlink(temp.join('precious'), temp.join('data/ns'));
      },
      /symbolic link or a file/,
    ],
    [
      'a directory above it that others may change',
      async (temp) => await chmod(temp.join('data/ns'), 0o777),
      /may be changed by others/,
    ],
  ];
  for (const [what, change, message] of refused) {
    test(`does not follow ${what}`, async () => {
      await using temp = await setUp();
      await change(temp);
      await assert.rejects(remove(temp, 'one'), { message });
      assert.equal(await readFile(temp.join('precious/work'), 'utf8'), 'work');
    });
  }

  test('is refused outside of the namespace', async () => {
    await using temp = await setUp();
    for (const names of [['..', 'other'], [''], ['one', '..']]) {
      const path = `${temp.join('data')}/ns/${names.join('/')}`;
      const order = { dataRoot: temp.join('data'), namespace: 'ns', path };
      await assert.rejects(removeDirectory(order, signal), { reason: 'DeletionFailed' });
    }
  });

  test('is refused while something is mounted in it', { skip: lacks('root') }, async () => {
    await using temp = await setUp();
    {
      await using _ = await bindMount(temp.join('precious'), temp.join('data/ns/one/deep/mount'));
      await assert.rejects(remove(temp, 'one'), {
        reason: 'DeletionFailed',
        message:
          /ns\/one could not be removed: something is mounted at \S+one\/deep\/mount, .+ unmount it/,
      });
    }
    assert.equal(await readFile(temp.join('precious/work'), 'utf8'), 'work');
    assert.equal(await readFile(temp.join('data/ns/one/deep/file'), 'utf8'), '');
    await remove(temp, 'one');
    assert.deepEqual(await readdir(temp.join('data/ns')), []);
  });

  test('says so when the program that does it is not there, and has removed nothing', async () => {
    await using temp = await setUp();
    const path = process.env['PATH'];
    try {
      process.env['PATH'] = temp.join('nowhere');
      await assert.rejects(remove(temp, 'one'), {
        reason: 'DeletionFailed',
        message: /data\/ns\/one could not be removed: .*find.*ENOENT/,
      });
    } finally {
      process.env['PATH'] = path;
    }
    assert.deepEqual(await readdir(temp.join('data/ns/one/deep')), ['er', 'file']);
  });

  test('empties a mount point and leaves it', { skip: lacks('root') }, async () => {
    await using temp = await setUp();
    await execa('mount', ['-t', 'tmpfs', 'none', temp.join('data/ns/one')]);
    try {
      await writeFile(temp.join('data/ns/one/file'), '');
      await remove(temp, 'one');
      assert.deepEqual(await readdir(temp.join('data/ns/one')), []);
    } finally {
      await execa('umount', [temp.join('data/ns/one')]);
    }
  });
});

test('a directory is one, a link to one or a file is none', async () => {
  await using temp = await setUp();
  await symlink(temp.join('precious'), temp.join('link'));
  const paths = ['precious', 'link', 'precious/work', 'precious/work/x', 'nothing'];
  const answers = await Promise.all(paths.map(async (path) => await isDirectory(temp.join(path))));
  assert.deepEqual(answers, [true, false, false, false, false]);
});
