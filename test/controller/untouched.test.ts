import assert from 'node:assert/strict';
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { isUntouched } from '../../src/controller/untouched.ts';
import { createTempDir } from '../support/temp.ts';

const minute = 60_000;
const never = new AbortController().signal;

test('what was written within the period is untouched, whatever times it claims', async () => {
  await using temp = await createTempDir();
  const from = Date.now();
  await mkdir(temp.join('a/b'), { recursive: true });
  await writeFile(temp.join('a/b/file'), 'x');
  await utimes(temp.join('a/b/file'), 0, 0);
  await symlink('/', temp.join('a/link'));
  assert.equal(await isUntouched(temp.path, { from, to: from + minute }, never), true);
});

test('a single file from before or after, however deep, tells that somebody was there', async () => {
  await using temp = await createTempDir();
  await mkdir(temp.join('a/b'), { recursive: true });
  await writeFile(temp.join('a/b/file'), 'x');
  const now = Date.now();
  assert.equal(
    await isUntouched(temp.path, { from: now + minute, to: now + 2 * minute }, never),
    false,
  );
  assert.equal(await isUntouched(temp.path, { from: now - minute, to: now - 1000 }, never), false);
});

test('an empty directory is untouched, and one that is gone is an error', async () => {
  await using temp = await createTempDir();
  assert.equal(await isUntouched(temp.path, { from: 0, to: 0 }, never), true);
  await assert.rejects(isUntouched(temp.join('gone'), { from: 0, to: 0 }, never), {
    code: 'ENOENT',
  });
});

test("lost+found of a file system is nobody's work, and one further down is", async () => {
  await using temp = await createTempDir();
  await mkdir(temp.join('lost+found/found'), { recursive: true });
  const [from, to] = [Date.now() + minute, Date.now() + 2 * minute];
  assert.equal(await isUntouched(temp.path, { from, to }, never), true);
  await mkdir(temp.join('a/lost+found'), { recursive: true });
  assert.equal(await isUntouched(temp.path, { from, to }, never), false);
});

test('names need not be text', async () => {
  await using temp = await createTempDir();
  const from = Date.now();
  const name = Buffer.concat([Buffer.from(`${temp.path}/caf`), Buffer.from([0xe9])]);
  await mkdir(name);
  await writeFile(Buffer.concat([name, Buffer.from([0x2f, 0xff])]), 'x');
  assert.equal(await isUntouched(temp.path, { from, to: from + minute }, never), true);
});

test('the look ends in the middle when nobody waits for it any more', async () => {
  await using temp = await createTempDir();
  for (const name of ['a', 'b', 'c']) await writeFile(temp.join(name), 'x');
  const enough = new AbortController();
  const looked = isUntouched(temp.path, { from: 0, to: Date.now() + minute }, enough.signal);
  enough.abort(new Error('enough'));
  await assert.rejects(looked, /enough/);
});
