/** A node that lacks something when its daemon starts, on a real API server. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ContentError } from '../../src/api/errors.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { conditionsOf, Contents, startCluster } from './contents.ts';
import { createNodeFolder, hangs, startScriptedNode, writes } from './scripted-node.ts';

describe('a node that lacks something when its daemon starts', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
  });
  after(async () => await cluster.stop());

  test('says so of every resource, starts none, and goes on when it is there', async () => {
    const { kubeconfig } = cluster;
    await using folder = await createNodeFolder();
    const first = await startScriptedNode({ kubeconfig, script: hangs, folder: folder.path });
    const { nodeName } = first;
    await contents.create('interrupted', { nodeName });
    await contents.create('doomed', { nodeName, deletionPolicy: 'Delete' });
    await contents.untilReason('interrupted', 'Initializing');
    await contents.untilReason('doomed', 'Initializing');
    await first.stop();

    let lack: ContentError | undefined = new ContentError('RuncUnavailable', 'runc is gone');
    let runs = 0;
    await using _ = await startScriptedNode({
      ...{ kubeconfig, nodeName, folder: folder.path },
      check: async () => {
        await Promise.resolve();
        if (lack !== undefined) throw lack;
      },
      script: async (...args) => {
        runs += 1;
        return await writes(...args);
      },
    });
    await contents.create('new', { nodeName });
    for (const name of ['interrupted', 'new']) {
      assert.equal(
        conditionsOf(await contents.untilReason(name, 'RuncUnavailable')),
        'Ready=False:RuncUnavailable Reconciling=True:RuncUnavailable',
      );
    }
    await contents.delete('doomed');
    await contents.untilGone('doomed');
    assert.equal(runs, 0);
    lack = undefined;
    for (const name of ['interrupted', 'new']) {
      await contents.untilReason(name, 'InitializationSuccess');
    }
    assert.equal(runs, 2);
  });
});
