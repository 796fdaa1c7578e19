import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import type { ContentProgress } from '../../src/api/protocol.ts';
import { ProgressThrottle } from '../../src/controller/progress-throttle.ts';
import { FakeClock } from './fake-clock.ts';

const backoff = { baseMs: 1000, capMs: 4000 };

/** What was written, and when; each write takes the next answer, and after the last one it lands. */
function setUp(...answers: (number | undefined | Promise<undefined>)[]) {
  const clock = new FakeClock();
  clock.chance = 0;
  const written: [at: number, bytes: number | undefined][] = [];
  const throttle = new ProgressThrottle({
    ...{ clock, backoff },
    write: async (progress) => {
      written.push([clock.now(), progress?.bytes]);
      return await answers.shift();
    },
  });
  const pass = async (ms: number): Promise<void> => {
    await turn();
    for (let left = ms; left > 0; left -= 100) {
      clock.advance(100);
      await turn();
    }
  };
  return { clock, throttle, written, pass };
}

const bytes = (count: number): ContentProgress => ({ step: 'download', bytes: count });

test('of the progress no more is written than every five seconds', async () => {
  const { throttle, written, pass } = setUp();
  throttle.start();
  for (let second = 1; second <= 12; second += 1) {
    await pass(1000);
    throttle.progress(bytes(second));
  }
  assert.deepEqual(written, [
    [0, undefined],
    [5000, 5],
    [10_000, 10],
  ]);
});

test('what does not land is tried again after pauses that grow', async () => {
  const { throttle, written, pass } = setUp(0, 0, 0, 0);
  throttle.start();
  await pass(20_000);
  assert.deepEqual(
    written.map(([at]) => at),
    [0, 500, 1500, 3500, 5500],
  );
});

test('it is not tried again before it is wanted, and then with the newest progress', async () => {
  const { throttle, written, pass } = setUp(7000);
  throttle.start();
  for (let second = 1; second <= 6; second += 1) {
    await pass(1000);
    throttle.progress(bytes(second));
  }
  await pass(1000);
  assert.deepEqual(written, [
    [0, undefined],
    [7000, 6],
  ]);
});

test('nothing is written once the attempt is over, and what is being written is waited for', async () => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const { throttle, written, pass } = setUp(promise);
  throttle.start();
  let settled = false;
  const settling = throttle.settled().finally(() => {
    settled = true;
  });
  await pass(10_000);
  throttle.progress(bytes(1));
  assert.deepEqual([settled, written.length], [false, 1]);
  resolve(undefined);
  await settling;
  throttle.progress(bytes(2));
  assert.equal(written.length, 1);
});

test('the end of the attempt ends a pause', async () => {
  const { clock, throttle, written } = setUp(60_000);
  throttle.start();
  await turn();
  await throttle.settled();
  clock.advance(100_000);
  await turn();
  assert.equal(written.length, 1);
});
