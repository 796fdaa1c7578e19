import assert from 'node:assert/strict';
import { mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { execa } from 'execa';
import { startCluster } from '../../scripts/demo/cluster.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { lacks } from '../support/requirements.ts';
import { waitFor } from '../support/wait.ts';
import { conditionsOf, Contents } from './contents.ts';
import {
  createNodeFolder,
  hangs,
  type NodeOptions,
  type Script,
  type ScriptedNode,
  startScriptedNode,
  writes,
} from './scripted-node.ts';

const finalizer = 'workspacecontent.dev/content';

/** With the rights of deploy/rbac.yaml and no others. */
describe('deletionPolicy on a real API server', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  let kubeconfig: string;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
    kubeconfig = await cluster.createServiceAccountKubeconfig(
      'workspace-content',
      'workspace-content',
    );
  });
  after(async () => await cluster.stop());

  async function start(script: Script, options: Partial<NodeOptions> = {}): Promise<ScriptedNode> {
    return await startScriptedNode({ kubeconfig, script, ...options });
  }

  const finalizersOf = async (name: string): Promise<unknown> =>
    (await contents.get(name)).metadata['finalizers'];

  test('Delete removes the directory with the resource, and protects it before anything is in it', async () => {
    const seen: unknown[] = [];
    await using node = await start(async (request, options) => {
      seen.push(await finalizersOf('goes'));
      return await writes(request, options);
    });
    await contents.create('goes', { nodeName: node.nodeName, deletionPolicy: 'Delete' });
    await contents.untilReason('goes', 'InitializationSuccess');
    assert.deepEqual(seen, [[finalizer]]);
    await mkdir(node.data('goes/deep/er'), { recursive: true });
    await symlink(node.folder, node.data('goes/deep/link'));
    await contents.delete('goes');
    await contents.untilGone('goes');
    assert.deepEqual(await readdir(node.data()), []);
    assert.deepEqual((await readdir(node.folder)).toSorted(), ['data', 'state']);
    assert.ok((await contents.events('goes')).includes('ContentRemoved'));
  });

  test('a run is ended first', async () => {
    await using node = await start(hangs);
    await contents.create('running', { nodeName: node.nodeName, deletionPolicy: 'Delete' });
    await contents.untilReason('running', 'Initializing');
    await contents.delete('running');
    await contents.untilGone('running');
    await assert.rejects(readdir(node.data('running')), { code: 'ENOENT' });
  });

  test('what is deleted while the daemon is away is removed when it is back', async () => {
    await using folder = await createNodeFolder();
    const first = await start(writes, { folder: folder.path });
    const { nodeName } = first;
    await contents.create('later', { nodeName, deletionPolicy: 'Delete' });
    await contents.untilReason('later', 'InitializationSuccess');
    await first.stop();
    await contents.delete('later');
    await using second = await start(writes, { folder: folder.path, nodeName });
    await contents.untilGone('later');
    assert.deepEqual(await readdir(second.data()), []);
  });

  test('the policy may be changed while the content is there, and the finalizer follows', async () => {
    await using node = await start(writes);
    const { nodeName } = node;
    await contents.create('spared', { nodeName, deletionPolicy: 'Delete' });
    await contents.untilReason('spared', 'InitializationSuccess');
    await contents.patch('spared', { deletionPolicy: 'Retain' });
    await waitFor('the finalizer to go', async () => (await finalizersOf('spared')) === undefined);
    await contents.create('doomed', { nodeName });
    await contents.untilReason('doomed', 'InitializationSuccess');
    await contents.patch('doomed', { deletionPolicy: 'Delete' });
    await waitFor('the finalizer', async () => (await finalizersOf('doomed')) !== undefined);
    for (const name of ['spared', 'doomed']) {
      await contents.delete(name);
      await contents.untilGone(name);
    }
    assert.deepEqual(await readdir(node.data()), ['spared']);
  });

  test('finalizers of others stay, and are waited for', async () => {
    await using node = await start(writes);
    await contents.create('shared', { nodeName: node.nodeName, deletionPolicy: 'Delete' });
    await contents.untilReason('shared', 'InitializationSuccess');
    const path = contents.pathOf('shared');
    const others = { finalizers: ['example.com/other', finalizer] };
    await cluster.client.patch(path, { metadata: others });
    await contents.delete('shared');
    await waitFor('our own to go', async () => {
      const left = await finalizersOf('shared');
      return Array.isArray(left) && left.join() === 'example.com/other';
    });
    assert.deepEqual(await readdir(node.data()), []);
    await cluster.client.patch(path, { metadata: { finalizers: [] } });
    await contents.untilGone('shared');
  });

  test('a directory that was swapped for a link is refused, and Retain lets the resource go', async () => {
    await using node = await start(writes);
    await contents.create('swapped', { nodeName: node.nodeName, deletionPolicy: 'Delete' });
    await contents.untilReason('swapped', 'InitializationSuccess');
    await rm(node.data('swapped'), { recursive: true });
    await mkdir(join(node.folder, 'precious/work'), { recursive: true });
    await symlink(join(node.folder, 'precious'), node.data('swapped'));
    await contents.delete('swapped');
    const stuck = await contents.untilReason('swapped', 'DeletionFailed');
    assert.equal(conditionsOf(stuck), 'Ready=False:DeletionFailed Reconciling=True:DeletionFailed');
    assert.match(stuck.status?.error?.message ?? '', /symbolic link or a file.+Retain/);
    await waitFor('the event', async () =>
      (await contents.events('swapped')).includes('DeletionFailed'),
    );
    await contents.patch('swapped', { deletionPolicy: 'Retain' });
    await contents.untilGone('swapped');
    assert.deepEqual(await readdir(join(node.folder, 'precious')), ['work']);
  });

  test('a removal that fails is tried again until it works', { skip: lacks('root') }, async () => {
    await using node = await start(writes);
    await contents.create('busy', { nodeName: node.nodeName, deletionPolicy: 'Delete' });
    await contents.untilReason('busy', 'InitializationSuccess');
    // Nothing is removed behind a mount that somebody has made in the content.
    await mkdir(node.data('busy/mount'));
    await execa('mount', ['-t', 'tmpfs', 'none', node.data('busy/mount')]);
    try {
      await contents.delete('busy');
      const stuck = await contents.untilReason('busy', 'DeletionFailed');
      assert.match(stuck.status?.error?.message ?? '', /busy/);
    } finally {
      await execa('umount', [node.data('busy/mount')]);
    }
    await contents.untilGone('busy');
    assert.deepEqual(await readdir(node.data()), []);
  });

  test('where the finalizer is refused nothing is written, and the resource says what to do', async () => {
    const role = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    const { rules } = await cluster.client.get<{ rules: { verbs: string[] }[] }>(
      `${role}/workspace-content`,
    );
    const without = rules.map((rule, index) =>
      index === 0 ? { ...rule, verbs: ['get', 'list', 'watch'] } : rule,
    );
    await cluster.client.patch(`${role}/workspace-content`, { rules: without });
    try {
      await using node = await start(writes);
      const { nodeName } = node;
      await contents.create('refused', { nodeName, deletionPolicy: 'Delete' });
      const refused = await contents.untilReason('refused', 'FinalizerRefused');
      assert.match(refused.status?.error?.message ?? '', /forbidden.+deploy\/rbac\.yaml/);
      await assert.rejects(readdir(node.data()), { code: 'ENOENT' });
      await cluster.client.patch(`${role}/workspace-content`, { rules });
      await contents.untilReason('refused', 'InitializationSuccess');
    } finally {
      await cluster.client.patch(`${role}/workspace-content`, { rules });
    }
  });

  test('content of which the journal knows nothing is kept, and an event says so', async () => {
    await using folder = await createNodeFolder();
    const first = await start(writes, { folder: folder.path });
    const { nodeName } = first;
    const { metadata } = await contents.create('unknown', { nodeName, deletionPolicy: 'Delete' });
    await contents.untilReason('unknown', 'InitializationSuccess');
    await first.stop();
    await rm(join(folder.path, `state/journal/${metadata.uid}.json`));
    await contents.delete('unknown');
    await using second = await start(writes, { folder: folder.path, nodeName });
    await contents.untilGone('unknown');
    assert.deepEqual(await readdir(second.data('unknown')), ['content']);
    assert.ok((await contents.events('unknown')).includes('ContentKept'));
  });
});
