import assert from 'node:assert/strict';
import { readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Etcd } from '../control-plane/etcd.ts';
import { KubeError } from '../control-plane/client.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { waitFor } from '../support/wait.ts';
import { conditionsOf, Contents, startCluster } from './contents.ts';
import {
  createNodeFolder,
  hangs,
  type NodeOptions,
  type Script,
  type ScriptedNode,
  startScriptedNode,
  writes,
} from './scripted-node.ts';

describe('what a node remembers, on a real API server', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  let etcd: Etcd;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
    etcd = new Etcd(cluster.etcdUrl);
  });
  after(async () => await cluster.stop());

  async function start(script: Script, options: Partial<NodeOptions> = {}): Promise<ScriptedNode> {
    return await startScriptedNode({ kubeconfig: cluster.kubeconfig, script, ...options });
  }

  const keyOf = (name: string): string =>
    `/registry/workspacecontent.dev/workspacecontents/default/${name}`;

  /** Makes the daemon look at a resource, as an edit of anybody does. */
  async function touch(name: string): Promise<void> {
    const annotations = { touched: crypto.randomUUID() };
    await cluster.client.patch(contents.pathOf(name), { metadata: { annotations } });
  }

  const isGone = async (name: string): Promise<boolean> =>
    await contents.get(name).then(
      () => false,
      (error: unknown) => error instanceof KubeError && error.status === 404,
    );

  test('a directory that was removed by hand is told, is not made again, and may come back', async () => {
    let runs = 0;
    const counting: Script = async (...args) => {
      runs += 1;
      return await writes(...args);
    };
    await using folder = await createNodeFolder();
    const first = await start(counting, { folder: folder.path });
    const { nodeName } = first;
    await contents.create('lost', { nodeName });
    await contents.untilReason('lost', 'InitializationSuccess');
    await rename(first.data('lost'), join(folder.path, 'elsewhere'));
    await touch('lost');
    const missing = await contents.untilReason('lost', 'ContentMissing');
    assert.equal(conditionsOf(missing), 'Ready=False:ContentMissing Stalled=True:ContentMissing');
    assert.match(missing.status?.error?.message ?? '', /data\/default\/lost is not there.+backup/);
    await waitFor('the event', async () =>
      (await contents.events('lost')).includes('ContentMissing'),
    );

    await first.stop();
    await symlink(join(folder.path, 'elsewhere'), first.data('lost'));
    await contents.replaceStatus('lost', {});
    await using second = await start(counting, { folder: folder.path, nodeName });
    await contents.untilReason('lost', 'ContentMissing');

    await rm(second.data('lost'));
    await rename(join(folder.path, 'elsewhere'), second.data('lost'));
    await touch('lost');
    await contents.untilReason('lost', 'InitializationSuccess');
    assert.equal(runs, 1);
  });

  test('a resource that is gone and comes back from a backup is published again, and not run', async () => {
    let runs = 0;
    await using node = await start(async (...args) => {
      runs += 1;
      return await writes(...args);
    });
    await contents.create('restored', { nodeName: node.nodeName, existingContent: 'Replace' });
    // Taken before the daemon had said anything that survives.
    const ready = await contents.untilReason('restored', 'InitializationSuccess');
    const stored = JSON.parse((await etcd.get(keyOf('restored'))).toString()) as object;
    const backup = Buffer.from(JSON.stringify({ ...stored, status: { observedGeneration: -1 } }));
    await writeFile(node.data('restored/work'), 'uncommitted');
    await contents.delete('restored');
    await contents.create('marker', { nodeName: node.nodeName });
    await contents.untilReason('marker', 'InitializationSuccess');

    await etcd.put(keyOf('restored'), backup);
    const again = await contents.untilReason('restored', 'InitializationSuccess');
    assert.equal(again.metadata.uid, ready.metadata.uid);
    assert.deepEqual([again.status?.attempts, runs], [1, 2]);
    assert.equal(await readFile(node.data('restored/work'), 'utf8'), 'uncommitted');
  });

  test('one whose directory was given to another meanwhile does not get it back', async () => {
    await using node = await start(writes);
    const { nodeName } = node;
    const hostPath = node.data('passed-on');
    await contents.create('former', { nodeName, hostPath, deletionPolicy: 'Delete' });
    await contents.untilReason('former', 'InitializationSuccess');
    await waitFor(
      'the finalizer',
      async () => 'finalizers' in (await contents.get('former')).metadata,
    );
    const backup = await etcd.get(keyOf('former'));
    await contents.patch('former', { deletionPolicy: 'Retain' });
    await contents.delete('former');
    await waitFor('it to be gone', async () => await isGone('former'));
    await contents.create('heir', { nodeName, hostPath, existingContent: 'Replace' });
    await contents.untilReason('heir', 'InitializationSuccess');
    await contents.delete('heir');
    await waitFor('the heir to be gone', async () => await isGone('heir'));

    await etcd.put(keyOf('former'), backup);
    await contents.untilReason('former', 'ContentMissing');
    await contents.delete('former');
    await waitFor('it to be gone again', async () => await isGone('former'));
    assert.deepEqual(await readdir(hostPath), ['content']);
  });

  test('content of a resource that was created again is refused, not wiped', async () => {
    await using node = await start(writes);
    const { nodeName } = node;
    await contents.create('again', { nodeName });
    await contents.untilReason('again', 'InitializationSuccess');
    await writeFile(node.data('again/work'), 'uncommitted');
    await contents.delete('again');
    await contents.create('again', { nodeName });
    const refused = await contents.untilReason('again', 'PathNotEmpty');
    assert.match(refused.status?.error?.message ?? '', /existingContent: Replace/);
    assert.deepEqual((await readdir(node.data('again'))).toSorted(), ['content', 'work']);
  });

  test('what a resource left unfinished that was deleted meanwhile goes, and the next has its place', async () => {
    await using folder = await createNodeFolder();
    const first = await start(hangs, { folder: folder.path });
    const { nodeName } = first;
    for (const name of ['replaced', 'vanished']) await contents.create(name, { nodeName });
    for (const name of ['replaced', 'vanished']) await contents.untilReason(name, 'Initializing');
    await first.stop();
    assert.deepEqual(await readdir(first.data('vanished')), ['half']);
    for (const name of ['replaced', 'vanished']) await contents.delete(name);
    await contents.create('replaced', { nodeName });
    await contents.create('cousin', { nodeName, hostPath: first.data('vanished') });

    await using second = await start(writes, { folder: folder.path, nodeName });
    await contents.untilReason('replaced', 'InitializationSuccess');
    await contents.untilReason('cousin', 'InitializationSuccess');
    assert.deepEqual(await readdir(second.data('replaced')), ['content']);
    assert.deepEqual(await readdir(second.data('vanished')), ['content']);
  });

  test('what nobody has a use for goes without a successor', async () => {
    await using folder = await createNodeFolder();
    const first = await start(hangs, { folder: folder.path });
    const { nodeName } = first;
    await contents.create('orphaned', { nodeName });
    await contents.untilReason('orphaned', 'Initializing');
    await first.stop();
    await contents.delete('orphaned');
    await using second = await start(writes, { folder: folder.path, nodeName });
    await waitFor('the directory to go', async () => (await readdir(second.data())).length === 0);
  });

  const unreadable = [
    ['half an entry', (text: string) => text.slice(0, 60)],
    [
      'an entry of a future version',
      (text: string) => text.replace('"version": 1', '"version": 2'),
    ],
  ] as const;
  for (const [index, [what, spoil]] of unreadable.entries()) {
    test(`${what} touches nothing, and the resource says what to do`, async () => {
      await using folder = await createNodeFolder();
      const first = await start(writes, { folder: folder.path });
      const { nodeName } = first;
      const name = `forgotten-${index}`;
      const { metadata } = await contents.create(name, { nodeName, existingContent: 'Replace' });
      await contents.untilReason(name, 'InitializationSuccess');
      await first.stop();
      const file = join(folder.path, `state/journal/${metadata.uid}.json`);
      await writeFile(file, spoil(await readFile(file, 'utf8')));

      await using second = await start(writes, { folder: folder.path, nodeName });
      const refused = await contents.untilReason(name, 'JournalUnreadable');
      assert.match(refused.status?.error?.message ?? '', /cannot be read.+once it is empty/);
      assert.deepEqual(await readdir(second.data(name)), ['content']);
      const metrics = await (await fetch(`${second.healthUrl}/metrics`)).text();
      assert.match(metrics, /^wscontent_journal_unreadable_total 1$/m);
      await waitFor('the event', async () =>
        (await contents.events(name)).includes('JournalUnreadable'),
      );

      await rm(second.data(name, 'content'));
      await touch(name);
      await contents.untilReason(name, 'InitializationSuccess');
    });
  }

  test('a daemon that is ended while it drains leaves the attempt to the next, within the limit', async () => {
    await using folder = await createNodeFolder();
    const first = await start(hangs, { folder: folder.path, drainTimeoutMs: 50 });
    const { nodeName } = first;
    await contents.create('retried', { nodeName });
    await contents.create('used-up', { nodeName, backoffLimit: 0 });
    for (const name of ['retried', 'used-up']) await contents.untilReason(name, 'Initializing');
    await first.stop();
    await contents.until('retried', 'interrupted', ({ error }) => error?.reason === 'Interrupted');
    await using _ = await start(writes, { folder: folder.path, nodeName });
    const { status } = await contents.untilReason('retried', 'InitializationSuccess');
    assert.equal(status?.attempts, 2);
    const failed = await contents.until('used-up', 'Failed', ({ phase }) => phase === 'Failed');
    assert.equal(conditionsOf(failed), 'Ready=False:Interrupted Stalled=True:Interrupted');
  });
});
