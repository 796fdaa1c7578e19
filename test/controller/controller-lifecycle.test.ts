import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ControlPlane } from '../control-plane/index.ts';
import { waitFor } from '../support/wait.ts';
import { conditionsOf, Contents, createNamespace, startCluster } from './contents.ts';
import {
  createNodeFolder,
  hangs,
  type NodeOptions,
  quickResult,
  type Script,
  type ScriptedNode,
  startScriptedNode,
  writes,
} from './scripted-node.ts';

describe('the life of resources and of the daemon on a real API server', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
  });
  after(async () => await cluster.stop());

  async function start(script: Script, options: Partial<NodeOptions> = {}): Promise<ScriptedNode> {
    return await startScriptedNode({ kubeconfig: cluster.kubeconfig, script, ...options });
  }

  test('a resource of another node is left alone', async () => {
    await using one = await start(writes);
    await using other = await start(writes);
    await contents.create('for-nobody', { nodeName: 'nobody' });
    await contents.create('for-one', { nodeName: one.nodeName });
    await contents.create('for-other', { nodeName: other.nodeName });
    await contents.untilReason('for-one', 'InitializationSuccess');
    await contents.untilReason('for-other', 'InitializationSuccess');
    assert.deepEqual(await readdir(one.data()), ['for-one']);
    assert.deepEqual(await readdir(other.data()), ['for-other']);
    const { status } = await contents.get('for-nobody');
    assert.deepEqual(status, { observedGeneration: -1 });
  });

  test('content that succeeded is never made again, whatever becomes of its status', async () => {
    let runs = 0;
    const counting: Script = async (...args) => {
      runs += 1;
      return await writes(...args);
    };
    await using folder = await createNodeFolder();
    const first = await start(counting, { folder: folder.path });
    await contents.create('precious', { nodeName: first.nodeName });
    await contents.untilReason('precious', 'InitializationSuccess');
    await writeFile(first.data('precious', 'work'), 'uncommitted');

    await contents.replaceStatus('precious', {});
    const again = await contents.untilReason('precious', 'InitializationSuccess');
    assert.equal(again.status?.attempts, 1);

    await first.stop();
    await contents.replaceStatus('precious', { phase: 'Failed', attempts: 7 });
    await using _ = await start(counting, { folder: folder.path, nodeName: first.nodeName });
    await contents.untilReason('precious', 'InitializationSuccess');
    assert.equal(runs, 1);
    assert.deepEqual((await readdir(first.data('precious'))).toSorted(), ['content', 'work']);
  });

  test('deleting a resource ends its run and leaves nothing of it', async () => {
    await using node = await start(hangs);
    await contents.create('doomed', { nodeName: node.nodeName });
    await waitFor('the run', async () => await readdir(node.data('doomed')).catch(() => undefined));
    await contents.delete('doomed');
    await waitFor('the directory to go', async () => {
      const left = await readdir(node.data()).catch((): string[] => []);
      return !left.includes('doomed');
    });
  });

  test('a resource created again under the same name is another one', async () => {
    const uids: string[] = [];
    await using node = await start(async (request, options) => {
      uids.push(request.uid);
      return await (uids.length === 1 ? hangs : writes)(request, options);
    });
    const first = await contents.create('phoenix', { nodeName: node.nodeName });
    await waitFor('the first run', () => uids.length === 1);
    await contents.delete('phoenix');
    const second = await contents.create('phoenix', { nodeName: node.nodeName });
    await contents.untilReason('phoenix', 'InitializationSuccess');
    assert.deepEqual(uids, [first.metadata.uid, second.metadata.uid]);
    assert.deepEqual(await readdir(node.data('phoenix')), ['content']);
  });

  test('suspending stops the run, and lifting it starts another that counts no failure', async () => {
    let suspended = false;
    await using node = await start(async (...args) => await (suspended ? writes : hangs)(...args));
    await contents.create('paused', { nodeName: node.nodeName, backoffLimit: 0 });
    await contents.untilReason('paused', 'Initializing');
    suspended = true;
    await contents.patch('paused', { suspend: true });
    const paused = await contents.untilReason('paused', 'Suspended');
    assert.equal(conditionsOf(paused), 'Ready=False:Suspended');
    await contents.patch('paused', { suspend: false });
    const { status } = await contents.untilReason('paused', 'InitializationSuccess');
    assert.equal(status?.attempts, 2);
  });

  test('two resources cannot have the same directory, until one of them is gone', async () => {
    await using node = await start(writes);
    const { nodeName } = node;
    await contents.create('holder', { nodeName, hostPath: node.data('shared') });
    await contents.untilReason('holder', 'InitializationSuccess');
    await contents.create('rival', { nodeName, hostPath: node.data('shared') });
    const refused = await contents.untilReason('rival', 'PathInUse');
    assert.match(refused.status?.error?.message ?? '', /default\/holder/);
    await contents.delete('holder');
    // It is free now, but what it holds is still somebody's.
    await contents.untilReason('rival', 'PathNotEmpty');
    assert.deepEqual(await readdir(node.data('shared')), ['content']);
  });

  test('no more attempts run at once than allowed, and the others say that they wait', async () => {
    let active = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    await createNamespace(cluster.client, 'small');
    const small = new Contents(cluster.client, 'small');
    const order: string[] = [];
    await using node = await start(
      async ({ destination }) => {
        order.push(destination.split('/').slice(-2).join('/'));
        active += 1;
        most = Math.max(most, active);
        await gate.promise;
        active -= 1;
        return quickResult;
      },
      { maxConcurrent: 2 },
    );
    const { nodeName } = node;
    const names = ['q-0', 'q-1', 'q-2', 'q-3', 'q-4'];
    for (const name of names) await contents.create(name, { nodeName });
    const queued = await contents.untilReason('q-4', 'Queued');
    assert.equal(conditionsOf(queued), 'Ready=False:Queued Reconciling=True:Queued');
    await small.create('late', { nodeName });
    await small.untilReason('late', 'Queued');
    gate.resolve();
    for (const name of names) await contents.untilReason(name, 'InitializationSuccess');
    await small.untilReason('late', 'InitializationSuccess');
    assert.equal(most, 2);
    assert.ok(order.indexOf('small/late') <= 3, order.join(' '));
  });

  test('a drain lets the running attempt come to its end, and starts no other', async () => {
    const gate = Promise.withResolvers<void>();
    await using node = await start(
      async (...args) => {
        await gate.promise;
        return await writes(...args);
      },
      { drainTimeoutMs: 10_000, maxConcurrent: 1 },
    );
    await contents.create('drained', { nodeName: node.nodeName });
    await contents.untilReason('drained', 'Initializing');
    await contents.create('too-late', { nodeName: node.nodeName });
    await contents.untilReason('too-late', 'Queued');
    const stopped = node.stop();
    gate.resolve();
    await stopped;
    await contents.untilReason('drained', 'InitializationSuccess');
    await contents.untilReason('too-late', 'Queued');
  });

  test('a node that lacks something says so, and works as soon as it has it', async () => {
    const runc = { there: false };
    await using node = await start(writes, {
      check: async () => {
        if (!runc.there) throw new Error('runc is missing');
        await Promise.resolve();
      },
    });
    await contents.create('patient', { nodeName: node.nodeName });
    const ready = async (): Promise<string> =>
      await (await fetch(`${node.healthUrl}/readyz`)).text();
    await waitFor('the node to be looked at', async () => (await ready()) === 'runc is missing\n');
    assert.equal((await fetch(`${node.healthUrl}/healthz`)).status, 200);
    runc.there = true;
    await contents.untilReason('patient', 'InitializationSuccess');
    assert.equal(await ready(), 'ok\n');
  });

  test('content that was finished as the daemon died is kept, and not made again', async () => {
    await using folder = await createNodeFolder();
    const first = await start(hangs, { folder: folder.path });
    const { metadata } = await contents.create('just-done', { nodeName: first.nodeName });
    await contents.untilReason('just-done', 'Initializing');
    const file = join(folder.path, `state/journal/${metadata.uid}.json`);
    const running = await readFile(file, 'utf8');
    await first.stop();
    // As kill -9 would have left it, after the child's last step and before the journal's word on it.
    await writeFile(file, running);
    await mkdir(first.data('just-done/.gitpod'), { recursive: true });
    await writeFile(first.data('just-done/.gitpod/ready'), '{"source":"from-other","metrics":[]}');
    await writeFile(first.data('just-done/work'), 'uncommitted');

    await using _ = await start(writes, { folder: folder.path, nodeName: first.nodeName });
    const { status } = await contents.untilReason('just-done', 'InitializationSuccess');
    assert.equal(status?.attempts, 1);
    const left = await readdir(first.data('just-done'));
    assert.deepEqual(left.toSorted(), ['.gitpod', 'half', 'work']);
  });

  test('SIGTERM ends within seconds, and the next life goes on', async () => {
    await using folder = await createNodeFolder();
    const first = await start(hangs, { folder: folder.path });
    await contents.create('survivor', { nodeName: first.nodeName });
    await contents.untilReason('survivor', 'Initializing');
    const began = performance.now();
    await first.stop();
    assert.ok(performance.now() - began < 3000);
    const { status } = await contents.get('survivor');
    assert.deepEqual([status?.error?.reason, status?.phase], ['Interrupted', 'Pending']);

    const slates: boolean[] = [];
    await using _ = await start(
      async (request, options) => {
        slates.push(request.cleanSlate);
        return await writes(request, options);
      },
      { folder: folder.path, nodeName: first.nodeName },
    );
    const ready = await contents.untilReason('survivor', 'InitializationSuccess');
    assert.deepEqual([ready.status?.attempts, slates], [2, [true]]);
  });

  test('a second daemon on the same state directory is refused', async () => {
    await using node = await start(writes);
    await assert.rejects(
      start(writes, { folder: node.folder }),
      /state is in use by another daemon \(process \d+/,
    );
  });
});
