import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ContentError } from '../../src/api/errors.ts';
import { serializeEntry } from '../../src/controller/journal-entry.ts';
import { Journal } from '../../src/controller/journal.ts';
import { createTempDir } from '../support/temp.ts';
import { claimed, running, succeeded, uid } from './samples.ts';

test('entries are there again after a restart', async () => {
  await using temp = await createTempDir();
  const journal = await Journal.open(temp.join('journal'), 0);
  assert.equal(journal.get(uid), undefined);
  for (const entry of [claimed, running, succeeded]) {
    await journal.write(entry);
    assert.deepEqual(journal.get(uid), entry);
    assert.deepEqual((await Journal.open(temp.join('journal'), 0)).get(uid), entry);
  }
  assert.deepEqual(await readdir(temp.join('journal')), [`${uid}.json`]);
});

const unreadable: [string, string][] = [
  ['half an entry', serializeEntry(succeeded).slice(0, 80)],
  ['an empty file', ''],
  [
    'an entry of a future version',
    serializeEntry(succeeded).replace('"version": 1', '"version": 9'),
  ],
  ['an entry of another uid', serializeEntry({ ...succeeded, uid: 'another' })],
];

for (const [what, text] of unreadable) {
  test(`${what} is set aside, reported and remembered as unreadable`, async () => {
    await using temp = await createTempDir();
    await writeFile(temp.join(`${uid}.json`), text);
    const journal = await Journal.open(temp.path, 1234);
    const aside = temp.join(`${uid}.json.corrupt-1234`);
    assert.deepEqual(
      journal.setAside.map((found) => [found.uid, found.file]),
      [[uid, aside]],
    );
    assert.equal(journal.get(uid), 'unreadable');
    assert.equal(await readFile(aside, 'utf8'), text);

    const next = await Journal.open(temp.path, 5678);
    assert.deepEqual([next.get(uid), next.setAside], ['unreadable', []]);
    await next.write(running);
    assert.deepEqual((await Journal.open(temp.path, 9999)).get(uid), running);
  });
}

test('a write that a crash cut short leaves the entry before it', async () => {
  await using temp = await createTempDir();
  await (await Journal.open(temp.path, 0)).write(running);
  await writeFile(temp.join(`${uid}.json.tmp`), serializeEntry(succeeded).slice(0, 50));
  assert.deepEqual((await Journal.open(temp.path, 0)).get(uid), running);
  assert.deepEqual(await readdir(temp.path), [`${uid}.json`]);
});

test('what the disk does not take is not remembered, unless it has happened already', async () => {
  await using temp = await createTempDir();
  const journal = await Journal.open(temp.path, 0);
  // A directory in the place of the temporary file stands for a disk that takes nothing.
  await mkdir(temp.join(`${uid}.json.tmp`, 'x'), { recursive: true });
  await assert.rejects(journal.write(running), ContentError);
  assert.equal(journal.get(uid), undefined);

  await assert.rejects(journal.record(succeeded), ContentError);
  assert.deepEqual(journal.get(uid), succeeded);
  await assert.rejects(journal.settle(uid), ContentError);

  await rm(temp.join(`${uid}.json.tmp`), { recursive: true });
  await journal.settle(uid);
  assert.deepEqual((await Journal.open(temp.path, 0)).get(uid), succeeded);
});

test('a uid that would lead out of the folder is refused', async () => {
  await using temp = await createTempDir();
  const journal = await Journal.open(temp.path, 0);
  await assert.rejects(journal.write({ ...running, uid: '../outside' }), ContentError);
});

test('what is no file at all is set aside as well', async () => {
  await using temp = await createTempDir();
  await mkdir(temp.join('folder.json'));
  await symlink('/etc/hostname', temp.join('link.json'));
  await writeFile(temp.join('long.json'), ' '.repeat(2 * 1024 ** 2));
  const journal = await Journal.open(temp.path, 7);
  const uids = ['folder', 'link', 'long'];
  assert.deepEqual(
    uids.map((each) => journal.get(each)),
    uids.map(() => 'unreadable'),
  );
  assert.deepEqual(
    (await readdir(temp.path)).toSorted(),
    uids.map((each) => `${each}.json.corrupt-7`),
  );
});

test('old marks of a uid that has an entry again go, and the entry stays', async () => {
  await using temp = await createTempDir();
  await writeFile(temp.join(`${uid}.json`), 'x');
  const journal = await Journal.open(temp.path, 0);
  await journal.write(running);
  const week = 7 * 86_400_000;
  assert.deepEqual(await journal.tidySetAside(() => false, week), []);
  assert.deepEqual(await journal.tidySetAside(() => false, week + 1), [`${uid}.json.corrupt-0`]);
  assert.deepEqual(await readdir(temp.path), [`${uid}.json`]);
});

test('of the files of resources that are gone no more than a hundred are kept', async () => {
  await using temp = await createTempDir();
  for (let n = 0; n < 103; n += 1) await writeFile(temp.join(`gone-${n}.json.corrupt-${n}`), '');
  const journal = await Journal.open(temp.path, 0);
  const names = await journal.tidySetAside(() => true, 200);
  assert.deepEqual(names, [
    'gone-2.json.corrupt-2',
    'gone-1.json.corrupt-1',
    'gone-0.json.corrupt-0',
  ]);
});

test('who writes an entry at the same time as another waits, and the last one counts', async () => {
  await using temp = await createTempDir();
  const journal = await Journal.open(temp.path, 0);
  const disowned = { ...succeeded, removed: true } as const;
  await Promise.all([
    journal.record(running),
    journal.settle(uid),
    journal.write(succeeded),
    journal.write(disowned),
  ]);
  assert.deepEqual(journal.get(uid), disowned);
  assert.deepEqual((await Journal.open(temp.path, 0)).get(uid), disowned);
});

test('an entry that is forgotten is gone after a restart too', async () => {
  await using temp = await createTempDir();
  const journal = await Journal.open(temp.path, 0);
  await journal.write(succeeded);
  await journal.forget(uid);
  assert.equal(journal.get(uid), undefined);
  assert.equal((await Journal.open(temp.path, 0)).get(uid), undefined);
});
