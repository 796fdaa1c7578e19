import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RunSlots } from '../../src/controller/run-slots.ts';

test('no more run at once than there are slots, and a free slot goes to who waits', () => {
  const called: string[] = [];
  const slots = new RunSlots(1, (key) => called.push(key));
  assert.deepEqual(
    [slots.claim('a/1'), slots.claim('a/2'), slots.claim('a/2')],
    [true, false, false],
  );
  slots.release();
  assert.deepEqual(called, ['a/2']);
  // The slot is kept for it, even if another one asks first.
  assert.deepEqual([slots.claim('b/1'), slots.claim('a/2')], [false, true]);
  slots.release();
  assert.deepEqual(called, ['a/2', 'b/1']);
});

test('a namespace with few waits for one of each other namespace only', () => {
  const called: string[] = [];
  const slots = new RunSlots(1, (key) => called.push(key));
  for (const key of ['big/0', 'big/1', 'big/2', 'big/3', 'small/1']) slots.claim(key);
  slots.release();
  slots.claim('big/1');
  slots.release();
  assert.deepEqual(called, ['big/1', 'small/1']);
});

test('who was called and does not want any more leaves its slot to the next', () => {
  const called: string[] = [];
  const slots = new RunSlots(1, (key) => called.push(key));
  for (const key of ['a/1', 'a/2', 'a/3']) slots.claim(key);
  slots.release();
  slots.withdraw('a/2');
  assert.deepEqual(called, ['a/2', 'a/3']);
  assert.equal(slots.claim('a/3'), true);
});

test('the limit holds and no slot is lost, whatever happens', () => {
  const step = fc.record({
    do: fc.constantFrom('claim', 'release', 'withdraw'),
    key: fc.constantFrom('a/1', 'a/2', 'a/3', 'b/1', 'c/1'),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.integer({ min: 1, max: 3 }),
      (script, limit) => {
        const called: string[] = [];
        const running = new Set<string>();
        const slots = new RunSlots(limit, (key) => called.push(key));
        for (const { do: what, key } of script) {
          if (what === 'claim' && !running.has(key) && slots.claim(key)) running.add(key);
          if (what === 'release' && running.delete(key)) slots.release();
          if (what === 'withdraw') slots.withdraw(key);
          assert.ok(slots.running <= limit);
          assert.equal(slots.running, running.size);
        }
        for (const key of ['a/1', 'a/2', 'a/3', 'b/1', 'c/1']) slots.withdraw(key);
        for (const _ of running) slots.release();
        for (let n = 0; n < limit; n += 1) assert.equal(slots.claim(`z/${n}`), true);
      },
    ),
  );
});
