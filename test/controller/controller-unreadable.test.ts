import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Etcd } from '../control-plane/etcd.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { conditionsOf, Contents, startCluster } from './contents.ts';
import { type Script, startScriptedNode, writes } from './scripted-node.ts';

describe('resources that a newer version wrote, on a real API server', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  let etcd: Etcd;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
    etcd = new Etcd(cluster.etcdUrl);
  });
  after(async () => await cluster.stop());

  /** Writes into the spec what only a newer CustomResourceDefinition lets pass. */
  async function garble(name: string): Promise<void> {
    const key = `/registry/workspacecontent.dev/workspacecontents/default/${name}`;
    const stored = JSON.parse((await etcd.get(key)).toString()) as { spec: object };
    const spec = { ...stored.spec, deletionPolicy: 'Archive' };
    await etcd.put(key, Buffer.from(JSON.stringify({ ...stored, spec })));
  }

  test('one that waits for its turn says what is wrong, and its turn goes to the next', async () => {
    const gate = Promise.withResolvers<void>();
    const script: Script = async (...args) => {
      if (args[0].destination.endsWith('/running')) await gate.promise;
      return await writes(...args);
    };
    const { kubeconfig } = cluster;
    await using node = await startScriptedNode({ kubeconfig, script, maxConcurrent: 1 });
    const { nodeName } = node;
    await contents.create('running', { nodeName });
    await contents.untilReason('running', 'Initializing');
    for (const name of ['newer', 'next']) {
      await contents.create(name, { nodeName });
      await contents.untilReason(name, 'Queued');
    }
    await garble('newer');
    const refused = await contents.untilReason('newer', 'InvalidSpec');
    assert.equal(conditionsOf(refused), 'Ready=False:InvalidSpec Stalled=True:InvalidSpec');
    assert.match(refused.status?.error?.message ?? '', /deletionPolicy/);
    gate.resolve();
    await contents.untilReason('next', 'InitializationSuccess');
    const metrics = await (await fetch(`${node.healthUrl}/metrics`)).text();
    assert.match(metrics, /^wscontent_waiting_attempts 0$/m);
  });
});
