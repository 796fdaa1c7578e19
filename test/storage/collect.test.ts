import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { request } from 'undici';
import { defaultBackup, type StoredDownload } from '../../src/api/remote-content.ts';
import type { StorageConfig } from '../../src/storage/config.ts';
import { type ObjectStore, startObjectStore } from '../object-store/index.ts';
import { collect, composite, failed, prebuild, snapshot } from './collecting.ts';
import { anyStore, fastEnvironment, storageOf, storeConfig } from './support.ts';

describe('from a real store', () => {
  let store: ObjectStore;
  let config: StorageConfig;

  before(async () => {
    store = await startObjectStore();
    config = storageOf(await storeConfig(store));
    await store.createBucket('gitpod-user-alice');
    await store.createBucket('snapshots');
    await store.putObject('gitpod-user-alice', 'workspaces/one/full.tar', "alice's backup");
    for (const name of ['a', 'b', 'deep/c d@e']) {
      await store.putObject('snapshots', name, `content of ${name}`);
    }
  });
  after(async () => await store.stop());

  const contents = async (
    downloads: Record<string, StoredDownload>,
  ): Promise<Record<string, string>> => {
    const texts = Object.entries(downloads).map(async ([name, { url, size }]) => {
      const text = await (await request(url)).body.text();
      assert.equal(size, text.length);
      return [name, text] as const;
    });
    return Object.fromEntries(await Promise.all(texts));
  };
  const alice = { owner: { owner: 'alice', workspaceID: 'one', instanceID: 'i' } };

  test('every snapshot and prebuild of nested composites comes under its name', async () => {
    const initializer = composite(
      snapshot('a@snapshots'),
      composite(prebuild('b@snapshots'), composite(snapshot('deep/c d@e@snapshots'))),
      { git: { remoteUri: 'https://git.test' } },
      prebuild('missing@snapshots'),
      prebuild('missing@missing-bucket'),
    );
    assert.deepEqual(await contents(await collect(initializer, config)), {
      'a@snapshots': 'content of a',
      'b@snapshots': 'content of b',
      'deep/c d@e@snapshots': 'content of deep/c d@e',
    });
  });

  test('a backup wins over every initializer: nothing else is asked for', async () => {
    for (const initializer of [
      { empty: {} },
      { backup: {} },
      { git: {} },
      snapshot('missing@snapshots'),
      composite(snapshot('no name'), prebuild('b@snapshots')),
    ]) {
      const downloads = await collect(initializer, config, alice);
      assert.deepEqual(await contents(downloads), { [defaultBackup]: "alice's backup" });
    }
  });

  test('no backup is fine, unless it is what the initializer restores', async () => {
    assert.deepEqual(await collect({ empty: {} }, config), {});
    assert.deepEqual(await collect({ git: {} }, config), {});
    const missing = (step: string) => failed('BackupNotFound', 'no backup found', step);
    await assert.rejects(collect({ backup: {} }, config), missing('backup'));
    const nested = composite({ empty: {} }, composite({ backup: {} }));
    await assert.rejects(collect(nested, config), missing('composite[1].composite[0].backup'));
  });

  test('without an owner or a workspace there is no backup to look for', async () => {
    const owner = { owner: '', workspaceID: 'one', instanceID: 'i' };
    assert.deepEqual(await collect({ empty: {} }, config, { owner }), {});
    await assert.rejects(
      collect({ backup: {} }, config, { owner }),
      failed(
        'InvalidSpec',
        'spec.owner: is needed to find the backup that backup restores',
        'backup',
      ),
    );
  });

  test('content from a volume snapshot is neither looked up nor replaced', async () => {
    const restored = { fromVolumeSnapshot: true };
    assert.deepEqual(await collect({ backup: restored }, config, alice), {});
    const initializer = composite(
      { snapshot: { snapshot: 'missing@snapshots', ...restored } },
      { prebuild: { prebuild: { snapshot: 'missing@snapshots', ...restored }, git: [] } },
    );
    assert.deepEqual(await collect(initializer, config), {});
  });

  test('a missing snapshot fails with its step', async () => {
    const initializer = composite(snapshot('a@snapshots'), composite(snapshot('none@snapshots')));
    await assert.rejects(
      collect(initializer, config),
      failed(
        'SnapshotNotFound',
        'cannot find snapshot none@snapshots',
        'composite[1].composite[0].snapshot',
      ),
    );
    const both = composite(prebuild('none@snapshots'), snapshot('none@snapshots'));
    await assert.rejects(
      collect(both, config),
      failed('SnapshotNotFound', /none@snapshots$/, 'composite[1].snapshot'),
    );
  });

  test('a bad name fails with its step', async () => {
    for (const initializer of [snapshot('no-bucket'), snapshot('')]) {
      await assert.rejects(
        collect(initializer, config),
        failed('InvalidSpec', /^snapshot: .* form object@bucket$/, 'snapshot'),
      );
    }
    await assert.rejects(
      collect(prebuild('../x@snapshots'), config),
      failed('InvalidSpec', /^prebuild: /, 'prebuild'),
    );
  });

  test('a URL outlives the timeout of the attempt', async () => {
    const downloads = await collect(snapshot('a@snapshots'), config, { timeoutMs: 3_600_000 });
    const { searchParams } = new URL(downloads['a@snapshots']?.url ?? '');
    assert.equal(searchParams.get('X-Amz-Expires'), String(3600 + 300));
  });

  test('one name is looked up once, and many at a time within bounds', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `many/${index}`);
    for (const name of names) await store.putObject('snapshots', name, 'x');
    const steps = [...names, ...names].map((name) => snapshot(`${name}@snapshots`));
    const { connect } = fastEnvironment();
    let [running, most] = [0, 0];
    const environment = fastEnvironment({
      limits: { parallel: 4 },
      connect: async (settings) => {
        const http = await connect(settings);
        return {
          ...http,
          send: async (each) => {
            running += 1;
            most = Math.max(most, running);
            return await http.send(each).finally(() => (running -= 1));
          },
        };
      },
    });
    const downloads = await collect(composite(...steps), config, {}, environment);
    assert.equal(Object.keys(downloads).length, 30);
    assert.equal(most, 4);
    const asked = (await store.requests()).filter(
      ({ operation, path }) => operation === 's3_HeadObject' && path.includes('/many/'),
    );
    assert.equal(asked.length, 30);
  });

  test('another store is used when the resource names it', async () => {
    const other = { ...anyStore, name: 'other', endpoint: 'http://127.0.0.1:1' };
    const real = await storeConfig(store);
    const both = storageOf(other, real);
    const downloads = await collect(snapshot('a@snapshots'), both, { storeName: 'main' });
    assert.deepEqual(Object.keys(downloads), ['a@snapshots']);
    await assert.rejects(
      collect(snapshot('a@snapshots'), both),
      failed('StorageUnavailable', /^the object store other /),
    );
  });
});
