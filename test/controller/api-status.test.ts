import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { steadyClock } from '../../src/controller/clock.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import type { Exchange, Fault, Rule } from '../support/api-proxy.ts';
import { waitFor } from '../support/wait.ts';
import { type Behind, isStatusOf, quick, startBehind } from './api-behind-proxy.ts';
import { Contents, startCluster } from './contents.ts';
import {
  hangs,
  type NodeOptions,
  type Script,
  type ScriptedNode,
  startScriptedNode,
  writes,
} from './scripted-node.ts';

describe('an API server that takes no status for a while', () => {
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

  const statusesOf = (name: string): Exchange[] => behind.proxy.exchanges.filter(isStatusOf(name));

  test('that an attempt runs is said while it runs, also when it was not taken at first', async () => {
    await using node = await start(hangs);
    behind.proxy.rule = first(3, isStatusOf('hanging'), { answer: 503 });
    await contents.create('hanging', { nodeName: node.nodeName });
    await contents.untilReason('hanging', 'Initializing');
    assert.equal(statusesOf('hanging').length, 4);
    await waitFor('the event', async () =>
      (await contents.events('hanging')).includes('Initializing'),
    );
  });

  test('what was queued says so no longer than the API server asks to wait', async () => {
    const gate = Promise.withResolvers<void>();
    const script: Script = async (...args) => {
      if (!args[0].destination.endsWith('/before')) return await hangs(...args);
      await gate.promise;
      return await writes(...args);
    };
    await using node = await start(script, { maxConcurrent: 1 });
    const { nodeName } = node;
    await contents.create('before', { nodeName });
    await contents.untilReason('before', 'Initializing');
    await contents.create('queued', { nodeName });
    await contents.untilReason('queued', 'Queued');
    behind.proxy.exchanges.length = 0;
    behind.proxy.rule = first(1, isStatusOf('queued'), waitASecond);
    gate.resolve();
    await contents.untilReason('queued', 'Initializing');
    assertASecondApart(statusesOf('queued'));
  });

  test('/readyz tells that no status may be written, until one is', async () => {
    let later = 0;
    const steady = { ...steadyClock, now: () => steadyClock.now() + later };
    await using node = await start(writes, { steady });
    const isReady = async (): Promise<string> => {
      const answer = await fetch(`${node.healthUrl}/readyz`);
      return `${answer.status} ${await answer.text()}`;
    };
    behind.proxy.rule = (exchange) =>
      isStatusOf('mute')(exchange) ? { answer: 403, body: { message: 'no right' } } : undefined;
    await contents.create('mute', { nodeName: node.nodeName });
    await waitFor('a write that is refused', () => statusesOf('mute').length > 1);
    assert.match(await isReady(), /^200/);
    later = 61_000;
    assert.match(
      await isReady(),
      /^503 no status could be written for 6\d s: .*403.*deploy\/rbac\.yaml/,
    );
    behind.proxy.rule = () => undefined;
    await contents.untilReason('mute', 'InitializationSuccess');
    await waitFor('ready', async () => (await isReady()).startsWith('200'));
  });

  test('a status that gets no answer keeps no attempt of another resource waiting', async () => {
    const { proxy } = behind;
    await using node = await start(writes, { maxConcurrent: 1 });
    const { nodeName } = node;
    proxy.rule = (exchange) => (isStatusOf('unheard')(exchange) ? { silent: true } : undefined);
    await contents.create('unheard', { nodeName });
    await waitFor('the content', async () => (await readdir(node.data('unheard'))).length > 0);
    await contents.create('next', { nodeName });
    await contents.untilReason('next', 'InitializationSuccess');
    // It still waits for its answer: nothing overtakes it.
    assert.deepEqual(
      statusesOf('unheard').map(({ status }) => status),
      [undefined],
    );
    proxy.rule = () => undefined;
    proxy.relay.cut();
    await contents.untilReason('unheard', 'InitializationSuccess');
  });

  test('a status is not written again before the API server wants it', async () => {
    await using node = await start(writes);
    behind.proxy.rule = first(1, isStatusOf('patient'), waitASecond);
    await contents.create('patient', { nodeName: node.nodeName, suspend: true });
    await contents.untilReason('patient', 'Suspended');
    assertASecondApart(statusesOf('patient'));
  });

  test('neither is a Secret asked for', async () => {
    await using node = await start(writes);
    const isSecret = ({ path }: Exchange): boolean => path.endsWith('/secrets/busy');
    behind.proxy.rule = first(1, isSecret, waitASecond);
    const initializer = {
      git: { remoteUri: 'http://git.invalid/x', config: { authSecretRef: { name: 'busy' } } },
    };
    await contents.create('secretive', { nodeName: node.nodeName, initializer });
    await contents.untilReason('secretive', 'SecretNotFound');
    assertASecondApart(behind.proxy.exchanges.filter(isSecret));
  });
});

const waitASecond: Fault = { answer: 429, headers: { 'retry-after': '1' } };

/** That befalls the first requests of those. */
function first(times: number, which: (exchange: Exchange) => boolean, fault: Fault): Rule {
  let left = times;
  return (exchange) => {
    if (!which(exchange) || left === 0) return undefined;
    left -= 1;
    return fault;
  };
}

function assertASecondApart([one, other]: readonly Exchange[]): void {
  assert.ok(one && other);
  // The timer and this clock round differently.
  assert.ok(other.at - one.at > 990, `${other.at - one.at} ms`);
}
