/** What a store's configuration keeps namespaces from. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { defaultBackup } from '../../src/api/remote-content.ts';
import type { StorageConfig } from '../../src/storage/config.ts';
import { type ObjectStore, startObjectStore } from '../object-store/index.ts';
import { bob, collect, composite, failed, prebuild, snapshot } from './collecting.ts';
import { storageOf, storeConfig } from './support.ts';

describe('a store with namespaces and a prefix', () => {
  let store: ObjectStore;
  let config: StorageConfig;

  before(async () => {
    store = await startObjectStore();
    config = storageOf(
      await storeConfig(store, {
        namespaces: ['team-a', 'team-b'],
        snapshotPrefix: '{namespace}/',
        backupBucket: 'backups',
        backupObject: '{namespace}/{owner}/{workspaceID}.tar',
      }),
    );
    await store.createBucket('snapshots');
    await store.createBucket('backups');
    for (const namespace of ['team-a', 'team-b', 'team-c']) {
      await store.putObject('snapshots', `${namespace}/one`, namespace);
    }
    await store.putObject('backups', 'team-b/bob/two.tar', "bob's");
  });
  after(async () => await store.stop());

  test("gives a namespace its own snapshots, and no other one's", async () => {
    const own = composite(snapshot('team-a/one@snapshots'));
    assert.deepEqual(Object.keys(await collect(own, config)), ['team-a/one@snapshots']);
    for (const name of ['team-b/one@snapshots', 'team-b/bob/two.tar@backups', 'one@snapshots']) {
      for (const initializer of [snapshot(name), prebuild(name)]) {
        const step = initializer.prebuild ? 'prebuild' : 'snapshot';
        await assert.rejects(
          collect(initializer, config),
          failed(
            'InvalidSpec',
            `${step}: "${name}" is none of this namespace's snapshots, whose names start with "team-a/"`,
            step,
          ),
        );
      }
    }
  });

  test('keeps the backups of one owner in two namespaces apart', async () => {
    const found = await collect({ empty: {} }, config, { namespace: 'team-b', owner: bob });
    assert.deepEqual(Object.keys(found), [defaultBackup]);
    assert.deepEqual(await collect({ empty: {} }, config, { owner: bob }), {});
  });

  test('is none for other namespaces: what needs it fails, the rest runs without', async () => {
    const namespace = 'team-c';
    const refusal = (step?: string) =>
      failed(
        'InvalidSpec',
        "spec.storage: the object store main of this node's daemon is not for the namespace team-c",
        step,
      );
    const asked = (await store.requests()).length;
    await assert.rejects(
      collect(snapshot('team-c/one@snapshots'), config, { namespace }),
      refusal('snapshot'),
    );
    await assert.rejects(collect({ backup: {} }, config, { namespace }), refusal('backup'));
    await assert.rejects(
      collect({ empty: {} }, config, { namespace, storeName: 'main' }),
      refusal(),
    );
    assert.deepEqual(await collect({ empty: {} }, config, { namespace }), {});
    assert.equal((await store.requests()).length, asked);
  });
});
