import assert from 'node:assert/strict';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { test } from 'node:test';
import {
  isEmptyDestination,
  prepareDestination,
  takeOwnership,
} from '../../src/init/destination.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { isContentError } from './support/content-error.ts';

const owner = { uid: 33333, gid: 44444 };

async function prepare(temp: TempDir, path: string) {
  return await prepareDestination(temp.path, 'tests', temp.join('tests', path), owner);
}

async function modeAndOwner(path: string) {
  const { mode, uid, gid } = await lstat(path);
  return `${(mode & 0o7777).toString(8)} ${uid}:${gid}`;
}

test('a destination is made for its owner, and what is above it for root', async () => {
  await using temp = await createTempDir();
  const umask = process.umask(0o077);
  const made = await prepare(temp, 'above/content').finally(() => process.umask(umask));
  assert.deepEqual([made.path, made.created], [temp.join('tests/above/content'), true]);
  assert.equal(await modeAndOwner(temp.join('tests')), '755 0:0');
  assert.equal(await modeAndOwner(temp.join('tests/above')), '755 0:0');
  assert.equal(await modeAndOwner(made.path), '755 33333:44444');
});

test('an empty directory that is there goes to the owner', async () => {
  await using temp = await createTempDir();
  await mkdir(temp.join('tests/content/lost+found'), { recursive: true });
  const found = await prepare(temp, 'content');
  assert.equal(found.created, false);
  assert.equal(await modeAndOwner(found.path), '755 33333:44444');
});

test('a directory with content is left as it is, until a run takes it over', async () => {
  await using temp = await createTempDir();
  await mkdir(temp.join('tests/content'), { recursive: true });
  await writeFile(temp.join('tests/content/work'), 'mine');
  const found = await prepare(temp, 'content');
  assert.equal(found.created, false);
  assert.equal(await modeAndOwner(found.path), '755 0:0');
  await takeOwnership(found.path, owner);
  assert.equal(await modeAndOwner(found.path), '755 33333:44444');
  assert.equal(await modeAndOwner(temp.join('tests/content/work')), '644 0:0');
});

test('empty means nothing but lost+found', async () => {
  await using temp = await createTempDir();
  assert.equal(await isEmptyDestination(temp.path), true);
  await mkdir(temp.join('lost+found'));
  assert.equal(await isEmptyDestination(temp.path), true);
  await writeFile(temp.join('.hidden'), '');
  assert.equal(await isEmptyDestination(temp.path), false);
});

test('undo removes what was made and nothing else', async () => {
  await using temp = await createTempDir();
  await mkdir(temp.join('tests/above'), { recursive: true });
  const made = await prepare(temp, 'above/more/content');
  await made.undo();
  assert.deepEqual(await readdir(temp.join('tests/above')), []);
});

test('undo leaves a directory that was there before', async () => {
  await using temp = await createTempDir();
  await mkdir(temp.join('tests/content'), { recursive: true });
  const found = await prepare(temp, 'content');
  await found.undo();
  assert.deepEqual(await readdir(temp.join('tests')), ['content']);
});

test('undo never touches content', async () => {
  await using temp = await createTempDir();
  const made = await prepare(temp, 'above/content');
  await writeFile(temp.join('tests/above/content/work'), 'mine');
  await made.undo();
  assert.equal(await readFile(temp.join('tests/above/content/work'), 'utf8'), 'mine');
});

test('destinations below one directory are made and undone side by side', async () => {
  await using temp = await createTempDir();
  const names = Array.from({ length: 20 }, (_, index) => `above/${index}`);
  await Promise.all(
    names.map(async (name, index) => {
      const made = await prepare(temp, name);
      if (index % 2 === 0) await made.undo();
    }),
  );
  const left = await readdir(temp.join('tests/above'));
  assert.equal(left.length, 10);
});

test('a directory that another has locked is left as it is, also when it was made here a moment ago', async () => {
  await using temp = await createTempDir();
  const path = temp.join('tests/content');
  const taken = async (): Promise<undefined> => await Promise.resolve(undefined);
  await assert.rejects(
    prepareDestination(temp.path, 'tests', path, owner, taken),
    isContentError('PathInUse', /another process on this node .+ is at work in .+tests\/content/),
  );
  assert.equal(await modeAndOwner(path), '755 0:0');
});

test('a directory that goes before it can be locked is made anew, and locked again', async () => {
  await using temp = await createTempDir();
  const path = temp.join('tests/content');
  const locked: number[] = [];
  const lock = async (through: string): Promise<AsyncDisposable> => {
    const { ino } = await stat(through);
    // Whoever had it before takes away what it had made.
    if (locked.push(ino) === 1) await rmdir(path);
    // The number of the first is not given away again meanwhile.
    return await open(through);
  };
  await using made = await prepareDestination(temp.path, 'tests', path, owner, lock);
  assert.equal(locked.length, 2);
  assert.deepEqual([made.created, (await stat(path)).ino], [true, locked[1]]);
});

const links: readonly (readonly [string, string])[] = [
  ['tests', 'the namespace'],
  ['tests/above', 'a directory above the destination'],
  ['tests/above/content', 'the destination'],
];
for (const [place, what] of links) {
  test(`a symbolic link in place of ${what} is refused, and nothing is made behind it`, async () => {
    await using temp = await createTempDir();
    await mkdir(temp.join('elsewhere/tests/above/content'), { recursive: true });
    await mkdir(temp.join('tests/above'), { recursive: true });
    const target = temp.join('elsewhere', place);
    await rm(temp.join(place), { recursive: true, force: true });
    await symlink(target, temp.join(place));
    await assert.rejects(
      prepare(temp, 'above/content'),
      isContentError('PathNotAllowed', /symbolic link/),
    );
    assert.equal(await modeAndOwner(temp.join('elsewhere/tests/above/content')), '755 0:0');
  });
}

test('a data root that is a symbolic link is the business of whoever runs the node', async () => {
  await using temp = await createTempDir();
  await mkdir(temp.join('disk'));
  await symlink(temp.join('disk'), temp.join('data'));
  const made = await prepareDestination(
    temp.join('data'),
    'tests',
    temp.join('data/tests/a'),
    owner,
  );
  assert.equal(await modeAndOwner(temp.join('disk/tests/a')), '755 33333:44444');
  await made.undo();
  assert.deepEqual(await readdir(temp.join('disk')), []);
});

test('a file in the way is refused', async () => {
  await using temp = await createTempDir();
  await mkdir(temp.join('tests'));
  await writeFile(temp.join('tests/content'), '');
  await assert.rejects(
    prepare(temp, 'content'),
    isContentError('PathNotAllowed', /not a directory/),
  );
});

test('a destination inside of content is refused, since its owner could swap it for a link', async () => {
  await using temp = await createTempDir();
  await prepare(temp, 'content');
  await mkdir(temp.join('tests/content/inner'));
  await chown(temp.join('tests/content/inner'), 33333, 33333);
  await assert.rejects(
    prepare(temp, 'content/inner'),
    isContentError(
      'PathNotAllowed',
      /tests\/content may be changed by others than the daemon \(owner 33333/,
    ),
  );
});

test('a directory above that anybody may write is refused', async () => {
  await using temp = await createTempDir();
  await mkdir(temp.join('tests'));
  await chmod(temp.join('tests'), 0o1777);
  await assert.rejects(prepare(temp, 'content'), isContentError('PathNotAllowed', /mode 1777/));
});

test('a refused destination leaves no directory behind', async () => {
  await using temp = await createTempDir();
  await assert.rejects(
    prepare(temp, `above/${'x'.repeat(300)}`),
    isContentError('PathNotAllowed', /name that the file system finds too long/),
  );
  assert.deepEqual(await readdir(temp.path), []);
});

test('a run takes over no symbolic link and no missing directory', async () => {
  await using temp = await createTempDir();
  await symlink(temp.path, temp.join('link'));
  await assert.rejects(
    takeOwnership(temp.join('link'), owner),
    isContentError('PathNotAllowed', /symbolic link/),
  );
  await assert.rejects(
    takeOwnership(temp.join('missing'), owner),
    isContentError('DestinationFailed', /is not there/),
  );
});
