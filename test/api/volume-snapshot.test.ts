import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InitializerMessage } from '../../src/api/initializer.ts';
import { comesWithVolume } from '../../src/api/volume-snapshot.ts';

const from = { fromVolumeSnapshot: true };
const nested = (step: InitializerMessage): InitializerMessage => ({
  composite: { initializer: [{ empty: {} }, { composite: { initializer: [step] } }] },
});

const cases: [InitializerMessage, boolean][] = [
  [{ empty: {} }, false],
  [{ backup: {} }, false],
  [{ snapshot: { snapshot: 'a@b', fromVolumeSnapshot: false } }, false],
  [{ backup: from }, true],
  [{ snapshot: from }, true],
  [{ prebuild: { prebuild: from } }, true],
  [nested({ snapshot: {} }), false],
  [nested({ backup: from }), true],
];

for (const [message, expected] of cases) {
  test(`content ${expected ? 'comes' : 'does not come'} with a volume: ${JSON.stringify(message)}`, () => {
    assert.equal(comesWithVolume(message), expected);
  });
}
