import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ContentError } from '../../src/api/errors.ts';
import type { InitializerMessage } from '../../src/api/initializer.ts';
import { collectRemoteContent } from '../../src/storage/collect.ts';
import { freePorts } from '../control-plane/ports.ts';
import { bob, collect, composite, failed, prebuild, snapshot } from './collecting.ts';
import { anyStore, fastEnvironment, storageOf } from './support.ts';

describe('without a store', () => {
  test('what needs none runs', async () => {
    for (const initializer of [
      { empty: {} },
      { git: {} },
      composite({ download: {} }),
      { prebuild: { git: [{}] } },
      { backup: { fromVolumeSnapshot: true } },
    ]) {
      assert.deepEqual(await collect(initializer, undefined), {});
    }
  });

  test('what needs one names what to configure', async () => {
    const message = (what: string): string =>
      `${what} needs object storage, and this node's daemon has none: it is started with --storage-config FILE, which names the stores`;
    const table: [initializer: InitializerMessage, step: string][] = [
      [snapshot('a@b'), 'snapshot'],
      [prebuild('a@b'), 'prebuild'],
      [{ backup: {} }, 'backup'],
      [composite({ empty: {} }, snapshot('a@b')), 'composite[1].snapshot'],
    ];
    for (const [initializer, step] of table) {
      await assert.rejects(
        collect(initializer, undefined),
        failed('InvalidSpec', message(step), step),
      );
    }
    await assert.rejects(
      collect({ empty: {} }, undefined, { storeName: 'main' }),
      failed('InvalidSpec', message('spec.storage')),
    );
  });

  test('a store that is not configured is named, with those that are', async () => {
    const config = storageOf(anyStore, { ...anyStore, name: 'backups' });
    await assert.rejects(
      collect({ empty: {} }, config, { storeName: 'backup' }),
      failed(
        'InvalidSpec',
        `spec.storage: this node's daemon has no object store "backup"; is backups meant?`,
      ),
    );
    await assert.rejects(
      collect({ empty: {} }, config, { storeName: 'elsewhere' }),
      failed('InvalidSpec', /there are: main, backups$/),
    );
  });
});

test('a store that is down fails every initializer: an unknown backup must not be passed over', async () => {
  const [port = 0] = await freePorts(1);
  const config = storageOf({ ...anyStore, endpoint: `http://127.0.0.1:${port}` });
  await assert.rejects(
    collect({ empty: {} }, config),
    failed('StorageUnavailable', /ECONNREFUSED/),
  );
  const owner = { owner: '', workspaceID: '', instanceID: '' };
  const many = composite(...Array.from({ length: 50 }, (_, index) => snapshot(`${index}@one`)));
  let tries = 0;
  const environment = fastEnvironment({
    delay: async (_, signal) => {
      tries += 1;
      signal.throwIfAborted();
    },
  });
  await assert.rejects(collect(many, config, { owner }, environment), {
    reason: 'StorageUnavailable',
    step: /^composite\[[0-7]\]\.snapshot$/,
  });
  // Those under way when the first one gave up, and no others.
  assert.ok(tries <= 2 * environment.limits.parallel, String(tries));
});

test('an abort ends the lookups with its reason', async () => {
  const controller = new AbortController();
  const reason = new ContentError('Interrupted', 'stopped');
  const environment = fastEnvironment({
    connect: async () => ({
      send: async ({ signal }) => {
        controller.abort(reason);
        signal.throwIfAborted();
        return assert.fail('sent after the abort');
      },
      close: async () => undefined,
    }),
  });
  const wanted = {
    initializer: snapshot('a@one'),
    ...{ owner: bob, namespace: 'team-a', timeoutMs: 1000 },
  };
  await assert.rejects(
    collectRemoteContent(wanted, storageOf(anyStore), controller.signal, environment),
    (error) => error === reason,
  );
});
