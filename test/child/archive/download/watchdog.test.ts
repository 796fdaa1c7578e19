/** When a server counts as silent, by a clock that only the test moves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Watchdog } from '../../../../src/child/archive/download/watchdog.ts';
import type { Clock } from '../../../../src/child/clock.ts';

function createDog(): {
  readonly dog: Watchdog;
  /** Lets time pass, and the watchdog look. */
  readonly pass: (ms: number) => Promise<void>;
} {
  let now = 0n;
  let wake: (() => void)[] = [];
  const clock: Clock = {
    now: () => now,
    sleep: async (_ms, signal) =>
      await new Promise((resolve, reject) => {
        wake.push(resolve);
        signal.addEventListener('abort', reject);
      }),
  };
  const signal = new AbortController().signal;
  const dog = new Watchdog({ clock, silence: { ms: 300, bytes: 1000 }, signal });
  return {
    dog,
    pass: async (ms) => {
      now += BigInt(ms) * 1_000_000n;
      const sleepers = wake;
      wake = [];
      for (const each of sleepers) each();
      await turn();
    },
  };
}

test('a server that sends nothing while it is waited for is silent', async () => {
  const { dog, pass } = createDog();
  await dog.during(async () => await pass(299));
  assert.equal(dog.signal.aborted, false);
  await dog.during(async () => await pass(1));
  assert.match(String(dog.signal.reason), /next to nothing for 300 ms/);
});

test('one that is waited for in pieces is as silent, and next to nothing is nothing', async () => {
  const { dog, pass } = createDog();
  for (let piece = 0; piece < 3; piece += 1) {
    await dog.during(async () => await pass(100));
    dog.received(300);
  }
  assert.equal(dog.signal.aborted, true);
});

test('one that sends enough is not, however long it takes', async () => {
  const { dog, pass } = createDog();
  for (let piece = 0; piece < 100; piece += 1) {
    dog.received(1000);
    await dog.during(async () => await pass(300));
  }
  assert.equal(dog.signal.aborted, false);
});

test('a reader that takes its time is no silence', async () => {
  const { dog, pass } = createDog();
  await dog.during(async () => await pass(200));
  await pass(1_000_000);
  assert.equal(dog.signal.aborted, false);
  await dog.during(async () => await pass(100));
  assert.equal(dog.signal.aborted, true);
});

test('nothing is watched any more once it was stopped', async () => {
  const { dog, pass } = createDog();
  dog.stop();
  await dog.during(async () => await pass(1000));
  assert.equal(dog.signal.aborted, false);
});
