import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FairFifo } from '../../src/controller/fair-fifo.ts';
import { namespaceOf } from '../../src/controller/keys.ts';
import { RunSlots } from '../../src/controller/run-slots.ts';
import { Workers } from '../../src/controller/workers.ts';
import { FakeClock } from './fake-clock.ts';

/** Attempts over the real queue and slots, as the assembly joins them; each ends when it is told to. */
function setUp(limit: number) {
  const clock = new FakeClock();
  const running = new Map<string, () => void>();
  const started: string[] = [];
  const wanted = new Set<string>();
  const slots = new RunSlots(limit, (key) => workers.add(key));
  const work = async (key: string): Promise<void> => {
    if (!wanted.has(key) || !slots.claim(key)) return;
    wanted.delete(key);
    started.push(key);
    await new Promise<void>((resolve) => running.set(key, resolve));
    slots.release();
  };
  // As many looks beside the attempts as the assembly has.
  const workers = new Workers({ count: limit + 4, clock, work });
  workers.start();
  const settled = async (): Promise<void> => await clock.runUntil(() => true);
  return {
    ...{ running, started, slots, settled },
    add(...keys: string[]): void {
      for (const key of keys) {
        wanted.add(key);
        workers.add(key);
      }
    },
    async end(key: string | undefined): Promise<void> {
      assert.ok(key !== undefined && running.has(key), `${key} does not run`);
      running.get(key)?.();
      running.delete(key);
      await settled();
    },
  };
}

const crowd = Array.from({ length: 500 }, (_, index) => `big/${index}`);

test('of 500 resources of a namespace another one waits only for those that run', async () => {
  const limit = 4;
  const { add, started, running, settled, end } = setUp(limit);
  add(...crowd);
  await settled();
  assert.equal(running.size, limit);
  add('small/one');
  await settled();
  assert.ok(!started.includes('small/one'), 'there is a free slot after all');
  // The first that ends may have been promised to one that waited; the second is for the newcomer.
  for (let ends = 1; ends <= 2; ends += 1) await end(started[ends - 1]);
  assert.ok(started.includes('small/one'), `only ${started.slice(-3).join()} were started`);
  assert.ok(started.length <= limit + 2);
});

test('each of many small namespaces has its turn before the big one has two', async () => {
  const { add, started, running, settled, end } = setUp(1);
  add(...crowd);
  await settled();
  const small = Array.from({ length: 20 }, (_, index) => `small-${index}/one`);
  add(...small);
  await settled();
  while (!small.every((key) => started.includes(key))) await end([...running.keys()][0]);
  const big = started.filter((key) => namespaceOf(key) === 'big');
  // The one that ran, the one that was next, and one a round.
  assert.ok(big.length <= 3, `the big namespace had ${big.length}`);
});

test('a long attempt holds nobody up while slots are free', async () => {
  const { add, started, running, settled, end } = setUp(2);
  add('a/long');
  await settled();
  const short = Array.from({ length: 50 }, (_, index) => `a/short-${index}`);
  add(...short);
  await settled();
  for (const _ of short) await end([...running.keys()].find((key) => key !== 'a/long'));
  assert.deepEqual(started, ['a/long', ...short]);
  assert.deepEqual([...running.keys()], ['a/long']);
});

test('as many attempts run as may, as long as any are left', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 30 }),
      async (limit, namespaces, choices) => {
        const { add, started, running, settled, end } = setUp(limit);
        const keys = choices.map(
          (choice, index) => `${namespaces[choice % namespaces.length]}/${index}`,
        );
        add(...keys);
        await settled();
        for (const [ended, choice] of choices.entries()) {
          assert.equal(running.size, Math.min(limit, keys.length - ended));
          await end([...running.keys()][choice % running.size]);
        }
        assert.deepEqual(started.toSorted(), keys.toSorted());
      },
    ),
    { seed: 1 },
  );
});

type Step = { readonly take: boolean; readonly group: string; readonly key: number };

test('between two keys of a group every group that waits all the while has one', () => {
  const steps = fc.array(
    fc.record<Step>({
      take: fc.boolean(),
      group: fc.constantFrom('a', 'b', 'c'),
      key: fc.integer({ min: 0, max: 20 }),
    }),
    { maxLength: 300 },
  );
  fc.assert(
    fc.property(steps, (script) => {
      const fifo = new FairFifo();
      const held = new Map<string, string[]>();
      /** For each group, those that have waited since its last turn. */
      const passedOver = new Map<string, Set<string>>();
      for (const { take, group, key } of script) {
        if (!take) {
          const keys = held.get(group) ?? [];
          if (!keys.includes(`${group}/${key}`)) keys.push(`${group}/${key}`);
          held.set(group, keys);
          fifo.add(group, `${group}/${key}`);
          continue;
        }
        const taken = fifo.take();
        const waiting = [...held].filter(([, keys]) => keys.length > 0).map(([name]) => name);
        assert.equal(taken === undefined, waiting.length === 0);
        if (taken === undefined) continue;
        const turn = taken.slice(0, 1);
        assert.equal(held.get(turn)?.shift(), taken, 'keys of a group keep their order');
        assert.deepEqual([...(passedOver.get(turn) ?? [])], [], `${turn} is served twice`);
        for (const waits of passedOver.values()) waits.delete(turn);
        passedOver.set(turn, new Set(waiting.filter((name) => name !== turn)));
      }
    }),
    { seed: 1, numRuns: 500 },
  );
});
