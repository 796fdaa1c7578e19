import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workers } from '../../src/controller/workers.ts';
import { FakeClock } from './fake-clock.ts';

/** Workers whose work ends when the test says so. */
function setUp(count: number) {
  const clock = new FakeClock();
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = async (key: string): Promise<void> => {
    begun.push(key);
    await new Promise<void>((resolve) => ends.set(key, resolve));
  };
  const workers = new Workers({ count, clock, work });
  const end = async (key: string): Promise<void> => {
    ends.get(key)?.();
    await clock.runUntil(() => true);
  };
  return { clock, begun, workers, end };
}

test('nothing is worked on before the start', async () => {
  const { begun, workers, end } = setUp(1);
  workers.add('a/1');
  assert.deepEqual([begun, workers.depth], [[], 1]);
  workers.start();
  assert.deepEqual([begun, workers.depth], [['a/1'], 0]);
  await end('a/1');
});

test('no more keys are worked on at once than there are workers', async () => {
  const { begun, workers, end } = setUp(2);
  workers.start();
  for (const key of ['a/1', 'a/2', 'a/3', 'b/1']) workers.add(key);
  assert.deepEqual(begun, ['a/1', 'a/2']);
  await end('a/1');
  assert.deepEqual(begun, ['a/1', 'a/2', 'a/3']);
  await end('a/2');
  assert.deepEqual(begun, ['a/1', 'a/2', 'a/3', 'b/1']);
});

test('a delayed key wakes the workers when it is due', async () => {
  const { begun, workers, clock } = setUp(1);
  workers.start();
  workers.addAfter('a/1', 5000);
  workers.addAfter('a/2', 9000);
  assert.deepEqual(begun, []);
  await clock.runUntil(() => begun.length > 0);
  assert.deepEqual([begun, clock.now()], [['a/1'], 5000]);
});

test('stopping waits for what is worked on and begins nothing new', async () => {
  const { begun, workers, end } = setUp(1);
  workers.start();
  workers.add('a/1');
  workers.add('a/2');
  workers.addAfter('a/3', 10);
  const order: string[] = [];
  const stopping = workers.stop().finally(() => order.push('stopped'));
  order.push('ending');
  await end('a/1');
  await stopping;
  assert.deepEqual(order, ['ending', 'stopped']);
  assert.deepEqual(begun, ['a/1']);
});
