import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { ControlPlane } from '../control-plane/index.ts';
import { requestsOf } from '../support/api-proxy.ts';
import { waitFor } from '../support/wait.ts';
import { type Behind, isStatusOf, quick, startBehind } from './api-behind-proxy.ts';
import { Contents, startCluster } from './contents.ts';
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

describe('the daemon and an API server that fails', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  let behind: Behind;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
    behind = await startBehind(cluster);
  });
  after(async () => {
    await behind[Symbol.asyncDispose]();
    await cluster.stop();
  });

  async function start(script: Script, options: Partial<NodeOptions> = {}): Promise<ScriptedNode> {
    behind.proxy.exchanges.length = 0;
    behind.proxy.rule = () => undefined;
    const { kubeconfig } = behind;
    return await startScriptedNode({ kubeconfig, script, apiBackoff: quick, ...options });
  }

  test('a blip ends no run, starts none again, and its result lands afterwards', async () => {
    const { proxy } = behind;
    const finish = Promise.withResolvers<void>();
    let runs = 0;
    await using node = await start(async (...args) => {
      runs += 1;
      await finish.promise;
      args[1].signal.throwIfAborted();
      return await writes(...args);
    });
    await contents.create('blip', { nodeName: node.nodeName });
    await contents.untilReason('blip', 'Initializing');
    proxy.exchanges.length = 0;
    await proxy.relay.goAway();
    const failures = (): number =>
      node.lines.filter((line) => line.includes('was not heard')).length;
    const earlier = failures();
    await waitFor('some failures', () => failures() >= earlier + 6);
    finish.resolve();
    await waitFor('the content', async () => (await readdir(node.data('blip'))).length > 0);
    await proxy.relay.comeBack();
    const { status } = await contents.untilReason('blip', 'InitializationSuccess');
    assert.deepEqual([status?.attempts, runs], [1, 1]);
    assert.ok(requestsOf(proxy, 'list').length <= 1);
    assert.equal((await fetch(`${node.healthUrl}/healthz`)).status, 200);
  });

  test('a deletion that was missed ends the run once it is heard of', async () => {
    const { proxy } = behind;
    await using node = await start(hangs, { watch: { doubtMs: 1 } });
    await contents.create('missed', { nodeName: node.nodeName });
    await contents.untilReason('missed', 'Initializing');
    await proxy.relay.goAway();
    await contents.delete('missed');
    assert.deepEqual(await readdir(node.data()), ['missed']);
    await proxy.relay.comeBack();
    await waitFor('the directory to go', async () => {
      const left = await readdir(node.data()).catch((): string[] => []);
      return left.length === 0;
    });
  });

  const refusals: [name: string, what: string, status: number][] = [
    ['conflict', 'refused with a conflict', 409],
    ['missing', 'not found', 404],
    ['busy', 'refused as too many', 429],
  ];
  for (const [name, what, answer] of refusals) {
    test(`a status that is ${what} at first is written until it lands`, async () => {
      await using node = await start(writes);
      let left = 4;
      behind.proxy.rule = (exchange) => {
        if (!isStatusOf(name)(exchange) || left === 0) return undefined;
        left -= 1;
        return { answer };
      };
      await contents.create(name, { nodeName: node.nodeName });
      const { status } = await contents.untilReason(name, 'InitializationSuccess');
      assert.deepEqual([status?.attempts, left], [1, 0]);
    });
  }

  test('a status whose answer got lost is there, and nothing is done twice', async () => {
    let runs = 0;
    await using node = await start(async () => {
      runs += 1;
      return await Promise.resolve(quickResult);
    });
    let lost = 0;
    behind.proxy.rule = (exchange) => {
      if (!isStatusOf('lost')(exchange) || lost >= 3) return undefined;
      lost += 1;
      return { loseAnswer: true };
    };
    await contents.create('lost', { nodeName: node.nodeName });
    await contents.untilReason('lost', 'InitializationSuccess');
    assert.equal(runs, 1);
  });

  test('a status that could not be written before the daemon ended is written by the next one', async () => {
    await using folder = await createNodeFolder();
    let runs = 0;
    const counting: Script = async (...args) => {
      runs += 1;
      return await writes(...args);
    };
    const first = await start(counting, { folder: folder.path });
    behind.proxy.rule = (exchange) => (exchange.kind === 'write' ? { answer: 503 } : undefined);
    await contents.create('late', { nodeName: first.nodeName });
    await waitFor('the content', async () => (await readdir(first.data('late'))).length > 0);
    await waitFor('tries', () => requestsOf(behind.proxy, 'write').length >= 3);
    await first.stop();
    assert.deepEqual((await contents.get('late')).status, { observedGeneration: -1 });

    await using _ = await start(counting, { folder: folder.path, nodeName: first.nodeName });
    const { status } = await contents.untilReason('late', 'InitializationSuccess');
    assert.deepEqual([status?.attempts, runs], [1, 1]);
  });

  test('a quick run writes its status three times at most, and a settled daemon only listens', async () => {
    const { proxy } = behind;
    const watch = { relistMs: 700, watchMs: 60_000 };
    await using node = await start(writes, { watch });
    const names = ['settled-0', 'settled-1', 'settled-2'];
    for (const name of names) {
      await contents.create(name, { nodeName: node.nodeName });
      await contents.untilReason(name, 'InitializationSuccess');
    }
    for (const name of names) {
      const writesOfIt = proxy.exchanges.filter(isStatusOf(name)).length;
      assert.ok(writesOfIt >= 1 && writesOfIt <= 3, `${writesOfIt} writes`);
    }
    // Events are written behind the status.
    await waitFor('the last event', async () => (await contents.events('settled-2')).length >= 2);
    proxy.exchanges.length = 0;
    await waitFor('two more lists', () => requestsOf(proxy, 'list').length >= 2);
    const others = proxy.exchanges.filter(({ kind }) => kind !== 'list' && kind !== 'watch');
    assert.deepEqual(others, []);
  });

  test('/readyz tells why the API server is not heard', async () => {
    const { proxy } = behind;
    behind.proxy.rule = () => ({ answer: 403, body: { message: 'no rights to list' } });
    await using node = await startScriptedNode({
      ...{ kubeconfig: behind.kubeconfig, script: writes, apiBackoff: quick },
    });
    const ask = async (path: string): Promise<string> => {
      const response = await fetch(`${node.healthUrl}${path}`);
      return `${response.status} ${await response.text()}`;
    };
    await waitFor('the reason', async () => (await ask('/readyz')).includes('no rights to list'));
    assert.match(
      await ask('/readyz'),
      /^503 the API server has not been heard yet: .*403.*deploy\/rbac\.yaml/,
    );
    assert.match(await ask('/healthz'), /^200/);
    proxy.rule = () => undefined;
    await waitFor('ready', async () => (await ask('/readyz')).startsWith('200'));
  });
});
