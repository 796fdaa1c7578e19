import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { startCluster } from '../../scripts/demo/cluster.ts';
import { Contents } from './contents.ts';
import { startScriptedNode, writes } from './scripted-node.ts';

test('a daemon waits for another process that is at work in a directory', async () => {
  const cluster = await startCluster();
  try {
    const contents = new Contents(cluster.client);
    const account = 'workspace-content';
    const kubeconfig = await cluster.createServiceAccountKubeconfig(account, account);
    await using node = await startScriptedNode({ kubeconfig, script: writes });
    const path = node.data('shared');
    await mkdir(path, { recursive: true });
    // It may not outlive this process, however that ends.
    const flock = ['flock', '--no-fork', path, 'sh', '-c', 'echo locked; exec sleep 300'];
    const other = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...flock], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(other.stdout, 'data');
      await contents.create('shared', { nodeName: node.nodeName });
      const refused = await contents.untilReason('shared', 'PathInUse');
      assert.match(refused.status?.error?.message ?? '', /another process on this node/);
      assert.deepEqual(await readdir(path), []);
    } finally {
      other.kill('SIGKILL');
    }
    const made = await contents.untilReason('shared', 'InitializationSuccess');
    assert.equal(made.status?.attempts, 1);
  } finally {
    await cluster.stop();
  }
});
