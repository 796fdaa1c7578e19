import assert from 'node:assert/strict';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { BatchedFile } from '../../../src/child/download/batched-file.ts';
import { createTempDir } from '../../support/temp.ts';

test('chunks of any size come out in order', async () => {
  await using folder = await createTempDir();
  const path = folder.join('file');
  const chunks = [1, 70_000, 1_048_576, 3, 2_500_000, 65_536].map((size, index) =>
    Buffer.alloc(size, index + 1),
  );
  await using handle = await open(path, 'wx');
  const file = new BatchedFile(handle);
  for (const chunk of chunks) await file.write(chunk);
  await file.finish();
  assert.ok((await readFile(path)).equals(Buffer.concat(chunks)));
});

test('what the file system takes in part is written to its end', async () => {
  const written: Buffer[] = [];
  const file = new BatchedFile({
    writev: async ([first]: Buffer[]) => {
      written.push(Buffer.from(first?.subarray(0, 2) ?? ''));
      return { bytesWritten: 2 };
    },
    writeFile: async (rest: Buffer) => void written.push(rest),
  } as unknown as FileHandle);
  await file.write(Buffer.from('abc'));
  await file.write(Buffer.from('def'));
  await file.finish();
  assert.equal(Buffer.concat(written).toString(), 'abcdef');
});

test('a failed write is thrown by a later call, and by no promise that nobody awaits', async () => {
  const full = new Error('ENOSPC');
  const file = new BatchedFile({
    writev: async () => await Promise.reject(full),
  } as unknown as FileHandle);
  await file.write(Buffer.alloc(2_000_000));
  await new Promise(setImmediate);
  await assert.rejects(file.finish(), full);
  await file.settled();
});
