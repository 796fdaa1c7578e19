import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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
