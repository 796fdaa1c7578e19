import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FairFifo } from '../../src/controller/fair-fifo.ts';

function takeAll(fifo: FairFifo): string[] {
  const taken: string[] = [];
  for (let key = fifo.take(); key !== undefined; key = fifo.take()) taken.push(key);
  return taken;
}

test('groups take turns, and keys of a group keep their order', () => {
  const fifo = new FairFifo();
  for (const key of ['a/1', 'a/2', 'a/3', 'b/1', 'c/1', 'c/2']) fifo.add(key.slice(0, 1), key);
  assert.deepEqual(takeAll(fifo), ['a/1', 'b/1', 'c/1', 'a/2', 'c/2', 'a/3']);
});

test('a group that comes late has its turn after at most one key of each other', () => {
  const fifo = new FairFifo();
  for (let n = 0; n < 500; n += 1) fifo.add('big', `big/${n}`);
  fifo.take();
  fifo.add('small', 'small/1');
  assert.deepEqual([fifo.take(), fifo.take()], ['big/1', 'small/1']);
});

test('a key is held once, and what is deleted does not come out', () => {
  const fifo = new FairFifo();
  for (const key of ['a/1', 'a/1', 'a/2', 'b/1']) fifo.add(key.slice(0, 1), key);
  assert.equal(fifo.size, 3);
  assert.deepEqual([fifo.delete('a', 'a/1'), fifo.delete('a', 'a/1')], [true, false]);
  assert.deepEqual(takeAll(fifo), ['a/2', 'b/1']);
  assert.equal(fifo.size, 0);
});
