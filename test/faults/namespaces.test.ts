/** Fault 19 of docs/faults.md, on a real API server. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Contents, createNamespace, startCluster } from '../controller/contents.ts';
import { quickResult, startScriptedNode } from '../controller/scripted-node.ts';
import type { ControlPlane } from '../control-plane/index.ts';

describe('on one node', () => {
  let cluster: ControlPlane;
  before(async () => {
    cluster = await startCluster();
    await createNamespace(cluster.client, 'other');
  });
  after(async () => await cluster.stop());

  test('resources of one name in two namespaces have a directory and a run each', async () => {
    const both = Promise.withResolvers<void>();
    const running: string[] = [];
    await using node = await startScriptedNode({
      kubeconfig: cluster.kubeconfig,
      script: async ({ destination, uid }) => {
        // Neither ends before the other has begun.
        if (running.push(uid) === 2) both.resolve();
        await both.promise;
        await writeFile(join(destination, 'content'), uid);
        return quickResult;
      },
    });
    for (const namespace of ['default', 'other']) {
      const contents = new Contents(cluster.client, namespace);
      await contents.create('same', { nodeName: node.nodeName });
    }
    for (const namespace of ['default', 'other']) {
      const contents = new Contents(cluster.client, namespace);
      const { metadata, status } = await contents.untilReason('same', 'InitializationSuccess');
      const where = join(node.folder, 'data', namespace, 'same');
      assert.equal(status?.hostPath, where);
      assert.equal(await readFile(join(where, 'content'), 'utf8'), metadata.uid);
      await contents.delete('same');
    }
    assert.equal(new Set(running).size, 2);
  });
});
