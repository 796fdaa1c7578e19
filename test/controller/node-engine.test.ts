/** What an attempt gets from object storage, with a real store, before and inside of its sandbox. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ContentError } from '../../src/api/errors.ts';
import { contentservice } from '../../src/api/initializer.generated.js';
import type { InitializerMessage } from '../../src/api/initializer.ts';
import type { AttemptRequest, AttemptResult } from '../../src/controller/engine.ts';
import { createNodeEngine } from '../../src/controller/node-engine.ts';
import type { StorageConfig } from '../../src/storage/config.ts';
import {
  createSandboxHarness,
  freshUid,
  type SandboxHarness,
} from '../init/support/sandbox-harness.ts';
import { type ObjectStore, startObjectStore } from '../object-store/index.ts';
import { composite, snapshot } from '../storage/collecting.ts';
import { storageOf, storeConfig } from '../storage/support.ts';

/** Tells what it was handed without a secret in it. */
const child = `
import fs from 'node:fs';
const { remoteContent } = JSON.parse(fs.readFileSync(0, 'utf8'));
const warnings = Object.entries(remoteContent).map(([name, { url, size }]) =>
  [name, size, new URL(url).searchParams.get('X-Amz-Expires')].join(' '));
fs.writeSync(4, JSON.stringify({ source: 'from-other', metrics: [], warnings }));
`;

describe('an attempt', () => {
  let store: ObjectStore;
  let storage: StorageConfig;
  let harness: SandboxHarness;
  before(async () => {
    store = await startObjectStore();
    storage = storageOf(await storeConfig(store));
    await store.createBucket('snapshots');
    await store.putObject('snapshots', 'a', 'content');
    harness = await createSandboxHarness();
    await harness.child(child);
  });
  after(async () => {
    await harness[Symbol.asyncDispose]();
    await store.stop();
  });

  const start = async (
    initializer: InitializerMessage,
    config: StorageConfig | undefined = storage,
    signal = new AbortController().signal,
  ): Promise<AttemptResult> => {
    const request: AttemptRequest = {
      uid: freshUid(),
      attempt: 1,
      destination: await harness.destination(),
      cleanSlate: false,
      plan: {
        initializer: contentservice.WorkspaceInitializer.encode(initializer).finish(),
        secrets: [],
        idMappings: [],
        runAsUser: 33333,
        runAsGroup: 33333,
        owner: { owner: 'bob', workspaceID: 'two', instanceID: 'i' },
        namespace: 'tests',
        timeoutMs: 60_000,
      },
    };
    const engine = createNodeEngine(harness.dataRoot, harness.environment, config);
    return await engine.run(request, { signal, onProgress: () => undefined });
  };

  test('gets signed downloads that outlive its timeout by five minutes', async () => {
    const { report, duration } = await start(composite(composite(snapshot('a@snapshots'))));
    assert.deepEqual(report.warnings, ['a@snapshots 7 360']);
    assert.ok(duration > 0);
  });

  test('that needs nothing from object storage works without a configuration', async () => {
    assert.deepEqual((await start({ empty: {} }, undefined)).report.warnings, []);
  });

  const failures: readonly (readonly [string, InitializerMessage, ContentError])[] = [
    [
      'at a snapshot that is missing',
      composite({ empty: {} }, snapshot('b@snapshots')),
      new ContentError('SnapshotNotFound', 'cannot find snapshot b@snapshots', {
        step: 'composite[1].snapshot',
      }),
    ],
    [
      'at a backup that is missing',
      { backup: {} },
      new ContentError('BackupNotFound', 'no backup found', { step: 'backup' }),
    ],
  ];
  for (const [what, initializer, { reason, message, step }] of failures) {
    test(`fails ${what} before its sandbox starts`, async () => {
      await assert.rejects(start(initializer), { reason, message, step });
    });
  }

  test('fails while no store answers', async () => {
    const [main] = storage.stores.values();
    assert.ok(main);
    const down = storageOf({ ...main, endpoint: 'http://127.0.0.1:1' });
    await assert.rejects(start(snapshot('a@snapshots'), down), {
      reason: 'StorageUnavailable',
    });
  });

  test('that ends early looks nothing up any more', async () => {
    const reason = new ContentError('Cancelled', 'the resource was deleted');
    const asked = (await store.requests()).length;
    await assert.rejects(start(snapshot('a@snapshots'), storage, AbortSignal.abort(reason)), {
      reason: 'Cancelled',
    });
    assert.equal((await store.requests()).length, asked);
  });
});
