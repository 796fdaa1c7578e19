import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyQueue } from '../../src/controller/key-queue.ts';

test('what is added while a key is worked on counts once, afterwards', () => {
  const queue = new KeyQueue();
  queue.add('a/1');
  assert.equal(queue.take(0), 'a/1');
  for (let n = 0; n < 3; n += 1) queue.add('a/1');
  assert.equal(queue.take(0), undefined);
  queue.done('a/1');
  assert.equal(queue.take(0), 'a/1');
  queue.done('a/1');
  assert.equal(queue.take(0), undefined);
});

test('a delayed key comes when it is due, at the earliest of its times', () => {
  const queue = new KeyQueue();
  queue.addAt('a/1', 500);
  queue.addAt('a/1', 300);
  queue.addAt('a/1', 900);
  assert.deepEqual([queue.nextDue(), queue.take(299)], [300, undefined]);
  assert.deepEqual([queue.take(300), queue.nextDue()], ['a/1', undefined]);
});

test('looking at a key now makes up for looking at it later', () => {
  const queue = new KeyQueue();
  queue.addAt('a/1', 500);
  queue.add('a/1');
  assert.equal(queue.take(0), 'a/1');
  queue.done('a/1');
  assert.equal(queue.take(1000), undefined);
});

type Step = { readonly do: 'add' | 'later' | 'take' | 'done' | 'tick'; readonly key: string };

const steps = fc.array(
  fc.record<Step>({
    do: fc.constantFrom('add', 'later', 'take', 'done', 'tick'),
    key: fc.constantFrom('a/1', 'a/2', 'b/1', 'c/1'),
  }),
  { maxLength: 200 },
);

test('no key is worked on twice at once, and none that was added is lost', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const queue = new KeyQueue();
      const active = new Set<string>();
      /** Keys that were added since they were last taken. */
      const owed = new Set<string>();
      let now = 0;
      const take = (): string | undefined => {
        const key = queue.take(now);
        if (key === undefined) return undefined;
        assert.ok(!active.has(key), `${key} is worked on already`);
        assert.ok(owed.delete(key), `${key} was not added`);
        active.add(key);
        return key;
      };
      for (const step of script) {
        if (step.do === 'tick') now += 10;
        if (step.do === 'take') take();
        if (step.do === 'add' || step.do === 'later') owed.add(step.key);
        if (step.do === 'add') queue.add(step.key);
        if (step.do === 'later') queue.addAt(step.key, now + 25);
        if (step.do === 'done' && active.delete(step.key)) queue.done(step.key);
        assert.equal(queue.active, active.size);
      }
      now += 1000;
      for (const key of active) queue.done(key);
      active.clear();
      for (let key = take(); key !== undefined; key = take()) {
        active.delete(key);
        queue.done(key);
      }
      assert.deepEqual([...owed], []);
    }),
  );
});
