import assert from 'node:assert/strict';
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { execa } from 'execa';
import { readFinished } from '../../src/controller/finished-content.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';

const text = '{"source":"from-backup","metrics":[{"type":"git","duration":12,"size":3}]}';

async function place(temp: TempDir, content: string): Promise<void> {
  await mkdir(temp.join('.gitpod'));
  await writeFile(temp.join('.gitpod/ready'), content);
}

test('content with the ready file of the attempt is finished', async () => {
  await using temp = await createTempDir();
  const startTime = Date.now();
  await place(temp, text);
  const finished = await readFinished(temp.path, startTime);
  assert.equal(finished?.report.source, 'from-backup');
  assert.deepEqual(finished.report.metrics, [{ path: 'git', type: 'git', duration: 12, size: 3 }]);
  assert.ok(finished.duration >= 0 && finished.duration < 5e9);
});

const unfinished: [string, (temp: TempDir) => Promise<unknown>][] = [
  ['no ready file', async () => await Promise.resolve()],
  ['a file in place of the folder', async (temp) => await writeFile(temp.join('.gitpod'), text)],
  ['half a ready file', async (temp) => await place(temp, text.slice(0, 40))],
  ['a ready file of another kind', async (temp) => await place(temp, '{"source":"else"}')],
  ['a ready file with odd metrics', async (temp) => await place(temp, text.replace('12', '-1'))],
  ['an endless ready file', async (temp) => await place(temp, `${text}${' '.repeat(300_000)}`)],
  [
    'a directory in its place',
    async (temp) => await mkdir(temp.join('.gitpod/ready'), { recursive: true }),
  ],
  [
    'a pipe in its place, which nobody writes to',
    async (temp) => {
      await mkdir(temp.join('.gitpod'));
      await execa('mkfifo', [temp.join('.gitpod/ready')]);
    },
  ],
  [
    'a link to one elsewhere',
    async (temp) => {
      await mkdir(temp.join('.gitpod'));
      await writeFile(temp.join('elsewhere'), text);
      await symlink(temp.join('elsewhere'), temp.join('.gitpod/ready'));
    },
  ],
  [
    'a folder that is a link',
    async (temp) => {
      await mkdir(temp.join('elsewhere'));
      await writeFile(temp.join('elsewhere/ready'), text);
      await symlink('elsewhere', temp.join('.gitpod'));
    },
  ],
];

for (const [what, make] of unfinished) {
  test(`content with ${what} is not finished`, async () => {
    await using temp = await createTempDir();
    const startTime = Date.now();
    await make(temp);
    assert.equal(await readFinished(temp.path, startTime), undefined);
  });
}

test('a ready file from before the attempt does not count', async () => {
  await using temp = await createTempDir();
  await place(temp, text);
  assert.equal(await readFinished(temp.path, Date.now() + 1000), undefined);
});

test('a ready file of an earlier life does not count, though an archive brought it just now', async () => {
  await using temp = await createTempDir();
  const startTime = Date.now();
  await place(temp, text);
  await utimes(temp.join('.gitpod/ready'), 1_700_000_000, 1_700_000_000);
  assert.equal(await readFinished(temp.path, startTime), undefined);
});

test('a directory that is gone is not finished', async () => {
  await using temp = await createTempDir();
  assert.equal(await readFinished(temp.join('gone'), 0), undefined);
});
