import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workers } from '../../../src/controller/workers.ts';
import { Chance } from './chance.ts';
import { Scheduler } from './scheduler.ts';

const keys = ['a/1', 'a/2', 'a/3', 'b/1', 'c/1'];

/** What a key is owed: a look that begins after it was added, and not before it is due. */
interface Debt {
  /** Since when it may be looked at; undefined when it was not added. */
  from: number | undefined;
  busy: boolean;
}

/** Adds, delays and ends of work in an order that the seed decides. */
async function playQueue(seed: number): Promise<void> {
  const chance = new Chance(seed);
  const scheduler = new Scheduler(chance);
  const life = { id: 1, alive: true };
  const count = chance.between(1, 4);
  const debts = new Map<string, Debt>(keys.map((key) => [key, { from: undefined, busy: false }]));
  const debtOf = (key: string): Debt => debts.get(key) ?? assert.fail(key);
  let active = 0;
  const work = async (key: string): Promise<void> => {
    const debt = debtOf(key);
    assert.equal(debt.busy, false, `${key} is worked on twice at once`);
    assert.ok(debt.from !== undefined, `${key} is worked on although nobody added it since`);
    assert.ok(debt.from <= scheduler.now, `${key} is worked on before it is due`);
    Object.assign(debt, { from: undefined, busy: true });
    active += 1;
    assert.ok(active <= count, 'more keys are worked on than there are workers');
    await scheduler.step(life, `work on ${key}`, () => undefined);
    debt.busy = false;
    active -= 1;
  };
  let failure: unknown;
  const watched = async (key: string): Promise<void> => {
    await work(key).catch((error: unknown) => {
      failure ??= error;
    });
  };
  const workers = new Workers({ count, clock: scheduler.clockOf(life), work: watched });
  const owe = (key: string, from: number): void => {
    const debt = debtOf(key);
    debt.from = Math.min(from, debt.from ?? Infinity);
  };
  workers.start();
  for (let left = chance.between(1, 60); left > 0; left -= 1) {
    const key = chance.pick(keys);
    const ms = chance.pick([0, 0, 0, 50, 500, 5000]);
    owe(key, scheduler.now + ms);
    if (ms === 0) workers.add(key);
    else workers.addAfter(key, ms);
    let steps = chance.between(0, 3);
    await scheduler.run(() => (steps -= 1) < 0);
  }
  const owed = (): string[] => keys.filter((key) => debtOf(key).from !== undefined);
  await scheduler.run(() => owed().length === 0 && active === 0);
  assert.ifError(failure);
  assert.deepEqual([owed(), active], [[], 0], 'something that was added is never worked on');
}

test('whatever is added is worked on once, alone and in its time, in whatever order', async () => {
  for (let seed = 1; seed <= 150; seed += 1) {
    await playQueue(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error });
    });
  }
});
