import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { mapBounded } from '../../src/storage/bounded.ts';
import { never } from './support.ts';

const numbers = Array.from({ length: 20 }, (_, index) => index);

test('maps in order, and never more than allowed at a time', async () => {
  let [running, most] = [0, 0];
  const doubled = await mapBounded(numbers, 3, never(), async (number) => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < 20 - number; turn += 1) await setImmediate();
    running -= 1;
    return 2 * number;
  });
  assert.deepEqual(
    doubled,
    numbers.map((number) => 2 * number),
  );
  assert.equal(most, 3);
  assert.deepEqual(await mapBounded([], 3, never(), async () => 1), []);
});

test('the first failure ends the rest and is thrown once all have ended', async () => {
  const started: number[] = [];
  let ended = 0;
  const mapping = mapBounded(numbers, 2, never(), async (number, signal) => {
    started.push(number);
    if (number === 1) throw new Error('first');
    while (!signal.aborted) await setImmediate();
    ended += 1;
    throw new Error('later');
  });
  await assert.rejects(mapping, { message: 'first' });
  assert.deepEqual([started, ended], [[0, 1], 1]);
});

test("an abort is thrown as the signal's reason", async () => {
  const controller = new AbortController();
  const reason = new Error('stop');
  const mapping = mapBounded(numbers, 2, controller.signal, async (_, signal) => {
    controller.abort(reason);
    signal.throwIfAborted();
  });
  await assert.rejects(mapping, (error) => error === reason);
});
