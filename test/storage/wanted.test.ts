import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InitializerMessage } from '../../src/api/initializer.ts';
import { findWanted, type Wanted } from '../../src/storage/wanted.ts';

const snapshot = (name: string, fromVolumeSnapshot = false): InitializerMessage => ({
  snapshot: { snapshot: name, fromVolumeSnapshot },
});
const prebuild = (name: string, fromVolumeSnapshot = false): InitializerMessage => ({
  prebuild: { prebuild: { snapshot: name, fromVolumeSnapshot }, git: [{ remoteUri: 'x' }] },
});
const backup = (fromVolumeSnapshot = false): InitializerMessage => ({
  backup: { fromVolumeSnapshot },
});
const composite = (...initializer: InitializerMessage[]): InitializerMessage => ({
  composite: { initializer },
});
const found = (name: string, step: string, required = true) => ({ name, step, required });

test('every snapshot and prebuild of the tree is wanted once, with its step', () => {
  const table: [what: string, message: InitializerMessage, wanted: Partial<Wanted>][] = [
    ['nothing', { empty: {} }, {}],
    ['git', { git: { remoteUri: 'x' } }, {}],
    ['a snapshot', snapshot('a'), { snapshots: [found('a', 'snapshot')] }],
    ['a snapshot without a name', snapshot(''), { snapshots: [found('', 'snapshot')] }],
    ['a prebuild', prebuild('a'), { snapshots: [found('a', 'prebuild', false)] }],
    ['a prebuild without a snapshot', { prebuild: { git: [] } }, {}],
    ['a prebuild whose snapshot has no name', prebuild(''), {}],
    ['a backup', backup(), { backupStep: 'backup' }],
    ['volume snapshots', composite(snapshot('a', true), prebuild('b', true)), {}],
    ['a backup from a volume snapshot', backup(true), { backupRestored: true }],
    [
      'nested composites',
      composite(
        snapshot('a'),
        composite(prebuild('b'), composite(snapshot('c')), composite()),
        snapshot('d'),
        backup(),
      ),
      {
        snapshots: [
          found('a', 'composite[0].snapshot'),
          found('b', 'composite[1].composite[0].prebuild', false),
          found('c', 'composite[1].composite[1].composite[0].snapshot'),
          found('d', 'composite[2].snapshot'),
        ],
        backupStep: 'composite[3].backup',
      },
    ],
    [
      'one name twice: required where one of them requires it',
      composite(prebuild('a'), snapshot('a'), prebuild('a'), snapshot('a')),
      { snapshots: [found('a', 'composite[1].snapshot')] },
    ],
  ];
  for (const [what, message, wanted] of table) {
    const expected = { snapshots: [], backupRestored: false, ...wanted };
    assert.deepEqual(findWanted(message), expected, what);
  }
});
