/** What the daemon writes into a status comes back by its watch: no reason to try again at once. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { loadKubeConfig } from '../../src/controller/kube-config.ts';
import { createTransport, type KubeTransport } from '../../src/controller/kube-transport.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { mountTmpfs } from '../limits/support/mounts.ts';
import { lacks } from '../support/requirements.ts';
import { Contents, startCluster } from './contents.ts';
import {
  createNodeFolder,
  hangs,
  type Script,
  startScriptedNode,
  writes,
} from './scripted-node.ts';

/** Milliseconds in which requests are counted; without pauses there were hundreds of them. */
const whileMs = 3000;

describe('the echo of a status', { skip: lacks('root') }, () => {
  let cluster: ControlPlane;
  let contents: Contents;
  let written = 0;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
  });
  after(async () => await cluster.stop());

  function counting(): KubeTransport {
    const inner = createTransport(() => loadKubeConfig(cluster.kubeconfig));
    return async (request) => {
      if (request.path.endsWith('/status')) written += 1;
      return await inner(request);
    };
  }

  test('a removal that fails is tried again after a pause, and the status goes on saying why', async () => {
    await using folder = await createNodeFolder();
    await using node = await startScriptedNode({
      ...{ kubeconfig: cluster.kubeconfig, script: writes, folder: folder.path },
      transport: counting(),
    });
    const { nodeName } = node;
    await contents.create('held', { nodeName, deletionPolicy: 'Delete' });
    await contents.untilReason('held', 'InitializationSuccess');
    {
      await using _ = await mountTmpfs(node.data('held', 'mounted'), 'size=1m');
      await contents.delete('held');
      await contents.untilReason('held', 'DeletionFailed');
      written = 0;
      await delay(whileMs);
      assert.ok(written <= 2, `${written} writes`);
    }
    await contents.untilGone('held');
  });

  test('resources that the disk refuses in turn do not take turns in writing that they wait', async () => {
    await using folder = await createNodeFolder();
    await using disk = await mountTmpfs(folder.join('data/default'), 'ro');
    const names = Array.from({ length: 12 }, (_, index) => `refused-${index}`);
    await using node = await startScriptedNode({
      ...{ kubeconfig: cluster.kubeconfig, script: writes, folder: folder.path },
      ...{ maxConcurrent: 1, transport: counting() },
    });
    const { nodeName } = node;
    for (const name of names) await contents.create(name, { nodeName });
    for (const name of names) await contents.untilReason(name, 'DestinationReadOnly');
    written = 0;
    await delay(whileMs);
    assert.ok(written <= names.length, `${written} writes`);
    await disk.remount('rw');
    for (const name of names) await contents.untilReason(name, 'InitializationSuccess');
  });

  test('who waits for a slot does not go on naming the owner of a directory that is gone', async () => {
    const script: Script = async (request, options) =>
      await (request.destination.endsWith('/long') ? hangs : writes)(request, options);
    const { kubeconfig } = cluster;
    await using node = await startScriptedNode({ kubeconfig, script, maxConcurrent: 1 });
    const { nodeName } = node;
    const hostPath = node.data('shared');
    await contents.create('owner', { nodeName, hostPath });
    await contents.untilReason('owner', 'InitializationSuccess');
    await contents.create('heir', { nodeName, hostPath });
    await contents.untilReason('heir', 'PathInUse');
    await contents.create('long', { nodeName });
    await contents.untilReason('long', 'Initializing');
    await contents.delete('owner');
    await contents.untilReason('heir', 'Queued');
  });
});
