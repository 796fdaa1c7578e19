import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PathSet } from '../../../../src/child/archive/tar/path-set.ts';

const path = fc.oneof(
  fc.nat({ max: 3000 }).map((number) => `node_modules/package-${number}/bin`),
  fc.string({ maxLength: 4 }),
);
const step = fc.tuple(fc.constantFrom('add', 'delete', 'has'), path);

test('behaves like a set, through growing and removing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 4000, size: 'max' }), (steps) => {
      const ours = new PathSet();
      const set = new Set<string>();
      for (const [what, name] of steps) {
        if (what === 'add') {
          ours.add(name);
          set.add(name);
        } else if (what === 'delete') {
          assert.equal(ours.delete(name), set.delete(name));
        } else {
          assert.equal(ours.has(name), set.has(name));
        }
        assert.equal(ours.size, set.size);
      }
      for (const [, name] of steps) assert.equal(ours.has(name), set.has(name));
    }),
    { numRuns: 30 },
  );
});

test('holds a million paths apart', () => {
  const set = new PathSet();
  for (let index = 0; index < 1_000_000; index += 1) set.add(`a/b/${index}`);
  assert.equal(set.size, 1_000_000);
  let found = 0;
  for (let index = 0; index < 1_000_000; index += 1) if (set.has(`a/c/${index}`)) found += 1;
  assert.equal(found, 0);
});
