/** The daemon with object storage: a real API server, real sandboxes, a real S3 server behind a gate. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { execa } from 'execa';
import { pino } from 'pino';
import { startController } from '../../src/controller/main.ts';
import type { StorageConfig } from '../../src/storage/config.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { conditionsOf, Contents, startCluster } from '../controller/contents.ts';
import { createNodeFolder } from '../controller/scripted-node.ts';
import { type ObjectStore, startObjectStore } from '../object-store/index.ts';
import { storageOf, storeConfig } from '../storage/support.ts';
import { filesContaining } from '../support/leftovers.ts';
import { createTempDir } from '../support/temp.ts';

interface Gate extends AsyncDisposable {
  readonly url: string;
  isOpen: boolean;
}

/** An address in front of a server that hangs up while it is shut. */
async function startGate(endpoint: string): Promise<Gate> {
  const { hostname, port } = new URL(endpoint);
  const gate = { url: '', isOpen: false };
  const server = createServer((client) => {
    client.on('error', () => undefined);
    if (!gate.isOpen) return client.destroy();
    const upstream = connect(Number(port), hostname).on('error', () => client.destroy());
    return client
      .on('close', () => upstream.destroy())
      .pipe(upstream)
      .pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const url = `http://127.0.0.1:${address.port}`;
  const close = async (): Promise<void> => {
    await new Promise((resolve) => server.close(resolve));
  };
  return Object.assign(gate, { url, [Symbol.asyncDispose]: close });
}

describe('the daemon with object storage', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  let store: ObjectStore;
  let gate: Gate;
  let storage: StorageConfig;
  before(async () => {
    [cluster, store] = await Promise.all([startCluster(), startObjectStore()]);
    contents = new Contents(cluster.client);
    gate = await startGate(store.endpoint);
    storage = storageOf(await storeConfig(store, { endpoint: gate.url }));
    await store.createBucket('snapshots');
    await using temp = await createTempDir();
    await mkdir(temp.join('tree'));
    await writeFile(temp.join('tree/work'), 'of days');
    const file = temp.join('archive');
    await execa('tar', ['--create', '--gzip', `--file=${file}`, '-C', temp.join('tree'), '.']);
    await store.putObject('snapshots', 'one', { file });
  });
  after(async () => {
    await gate[Symbol.asyncDispose]();
    await store.stop();
    await cluster.stop();
  });

  test('waits for a store that is down, and no secret of it shows up anywhere', async () => {
    await using folder = await createNodeFolder();
    const lines: string[] = [];
    const controller = await startController(
      {
        ...{
          nodeName: 'stored',
          dataRoot: `${folder.path}/data`,
          stateDir: `${folder.path}/state`,
        },
        ...{
          maxConcurrent: 2,
          metricsAddress: '127.0.0.1:0',
          logLevel: 'trace',
          drainTimeoutMs: 0,
        },
        kubeconfig: cluster.kubeconfig,
        storage,
      },
      {
        backoff: { attempt: { baseMs: 500, capMs: 500 } },
        log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
      },
    );
    try {
      const spec = {
        nodeName: 'stored',
        backoffLimit: 20,
        initializer: { composite: { initializer: [{ snapshot: { snapshot: 'one@snapshots' } }] } },
      };
      await contents.create('stored', spec);
      const waiting = await contents.untilReason('stored', 'StorageUnavailable');
      const transient = 'Ready=False:StorageUnavailable Reconciling=True:StorageUnavailable';
      assert.equal(conditionsOf(waiting), transient);
      assert.equal(waiting.status?.error?.step, 'composite[0].snapshot');

      gate.isOpen = true;
      const ready = await contents.untilReason('stored', 'InitializationSuccess', 30_000);
      assert.equal(await readFile(`${folder.path}/data/default/stored/work`, 'utf8'), 'of days');
      assert.deepEqual(
        ready.status?.steps?.map(({ path, size }) => [path, size]),
        [
          ['composite[0].snapshot', 7],
          ['composite', 7],
        ],
      );

      const missing = { snapshot: { snapshot: 'two@snapshots' } };
      await contents.create('missing', { nodeName: 'stored', initializer: missing });
      const failed = await contents.untilReason('missing', 'SnapshotNotFound');
      assert.equal(
        conditionsOf(failed),
        'Ready=False:SnapshotNotFound Stalled=True:SnapshotNotFound',
      );

      const said = JSON.stringify([lines, waiting, ready, failed]);
      assert.match(said, /content is ready/);
      for (const secret of ['X-Amz-', 'Signature', store.accessKey, store.secretKey]) {
        assert.ok(!said.includes(secret), secret);
        assert.deepEqual(await filesContaining(folder.path, secret), []);
      }
    } finally {
      await controller.stop();
    }
  });
});
