import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffMs } from '../../src/controller/backoff.ts';

const policy = { baseMs: 1000, capMs: 60_000 };

test('the wait doubles with each failure until it reaches the cap', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) => backoffMs(policy, failures, 1));
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

test('chance takes up to half of the wait and never more', () => {
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const longest = backoffMs(policy, failures, 1);
      const wait = backoffMs(policy, failures, random);
      assert.ok(wait >= longest / 2 && wait <= longest && longest <= policy.capMs);
    }),
  );
});
