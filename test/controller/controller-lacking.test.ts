/** A node that lacks something, on a real API server. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ContentError } from '../../src/api/errors.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { makeReadOnly, makeWritable } from '../limits/support/mounts.ts';
import { lacks } from '../support/requirements.ts';
import { conditionsOf, Contents, startCluster } from './contents.ts';
import { createNodeFolder, hangs, startScriptedNode, writes } from './scripted-node.ts';

describe('a node that lacks something', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
  });
  after(async () => await cluster.stop());

  test('when its daemon starts says so of every resource, starts none, and goes on when it is there', async () => {
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

  test('starts what waited as soon as it is there, however long the pause between looks at it', async () => {
    let lack: ContentError | undefined = new ContentError('RuncUnavailable', 'runc is gone');
    await using node = await startScriptedNode({
      ...{ kubeconfig: cluster.kubeconfig, script: writes, prerequisitePauseMs: 600_000 },
      check: async () => {
        await Promise.resolve();
        if (lack !== undefined) throw lack;
      },
    });
    const names = ['waiting-1', 'waiting-2', 'waiting-3'];
    for (const name of names) await contents.create(name, { nodeName: node.nodeName });
    for (const name of names) await contents.untilReason(name, 'RuncUnavailable');
    lack = undefined;
    for (const name of names) await contents.untilReason(name, 'InitializationSuccess');
  });

  test(
    'as an attempt ends says so until its journal has the outcome',
    { skip: lacks('root') },
    async () => {
      await using folder = await createNodeFolder();
      const gate = Promise.withResolvers<void>();
      let runs = 0;
      await using node = await startScriptedNode({
        ...{ kubeconfig: cluster.kubeconfig, folder: folder.path },
        script: async (...args) => {
          runs += 1;
          await gate.promise;
          return await writes(...args);
        },
      });
      await contents.create('unwritten', { nodeName: node.nodeName });
      await contents.untilReason('unwritten', 'Initializing');
      const journal = folder.join('state/journal');
      await makeReadOnly(journal);
      try {
        gate.resolve();
        const { status } = await contents.untilReason('unwritten', 'StateUnwritable');
        assert.deepEqual([status?.phase, status?.attempts], ['Pending', 1]);
      } finally {
        await makeWritable(journal);
      }
      await contents.untilReason('unwritten', 'InitializationSuccess');
      assert.equal(runs, 1);
    },
  );
});
