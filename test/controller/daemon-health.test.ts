import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { ApiUnavailable } from '../../src/controller/api-error.ts';
import { type Clock, steadyClock } from '../../src/controller/clock.ts';
import type { KubeTransport } from '../../src/controller/kube-transport.ts';
import { waitFor } from '../support/wait.ts';
import { FakeClock } from './fake-clock.ts';
import { quickResult, type ScriptedNode, startScriptedNode } from './scripted-node.ts';

const minute = 60_000;

async function startNode(transport: KubeTransport, steady: Clock): Promise<ScriptedNode> {
  const script = async () => await Promise.resolve(quickResult);
  return await startScriptedNode({ kubeconfig: '/nowhere', script, transport, steady });
}

async function ask(node: ScriptedNode, path: string): Promise<string> {
  const answer = await fetch(`${node.healthUrl}${path}`);
  return `${answer.status} ${(await answer.text()).trim()}`;
}

function emptyList(): IncomingMessage {
  const body = JSON.stringify({ items: [], metadata: { resourceVersion: '5' } });
  const answer = { statusCode: 200, headers: {} };
  return Object.assign(Readable.from([Buffer.from(body)]), answer) as unknown as IncomingMessage;
}

test('the liveness probe fails when the list-watcher hangs: a restart helps', async () => {
  const clock = new FakeClock();
  const hangs = Promise.withResolvers<never>();
  let asked = 0;
  // It ignores its signal, as nothing should.
  const transport: KubeTransport = async () => {
    asked += 1;
    return await hangs.promise;
  };
  await using node = await startNode(transport, clock);
  try {
    await waitFor('the list', () => asked === 1);
    assert.equal(await ask(node, '/healthz'), '200 ok');
    clock.advance(19 * minute);
    assert.equal(await ask(node, '/healthz'), '200 ok');
    clock.advance(2 * minute);
    assert.equal(await ask(node, '/healthz'), '503 the list-watcher has been stuck for 1260000 ms');
  } finally {
    // Else the daemon would wait for it to its end.
    hangs.reject(new Error('the test is over'));
  }
});

test('the liveness probe bears with an API server that is away: a restart does not help', async () => {
  const clock = new FakeClock();
  let asked = 0;
  const transport: KubeTransport = async () => {
    asked += 1;
    if (asked === 1) return await Promise.resolve(emptyList());
    throw new ApiUnavailable('ECONNREFUSED');
  };
  await using node = await startNode(transport, clock);
  await waitFor('failures', () => asked > 1);
  for (let now = minute; now <= 30 * minute; now += minute) {
    await clock.runUntil(() => clock.now() >= now);
    assert.equal(await ask(node, '/healthz'), '200 ok');
  }
  assert.ok(clock.now() >= 30 * minute);
  assert.match(
    await ask(node, '/readyz'),
    /^503 the API server was last heard \d+ s ago: ECONNREFUSED/,
  );
});

test('the liveness probe fails when the list-watcher ends by a defect', async () => {
  // No answer of the API server ends it; but the pause after this one cannot be had.
  const broken = {
    ...steadyClock,
    random: () => {
      throw new Error('no chance');
    },
  };
  await using node = await startNode(async () => {
    await Promise.resolve();
    throw new ApiUnavailable('ECONNREFUSED');
  }, broken);
  await waitFor('the end', () => node.lines.some((line) => line.includes('no chance')));
  assert.equal(
    await ask(node, '/healthz'),
    '503 the daemon has stopped listening to the API server',
  );
});

test('until the API server is heard, the age of what was heard is that of the daemon', async () => {
  const clock = new FakeClock();
  const list = Promise.withResolvers<void>();
  let asked = 0;
  const transport: KubeTransport = async ({ signal }) => {
    asked += 1;
    const ended = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    if (asked > 1) return await ended;
    await Promise.race([list.promise, ended]);
    return emptyList();
  };
  const age = async (): Promise<number> => {
    const line = /^wscontent_last_sync_age_seconds (.*)$/m.exec(await ask(node, '/metrics'));
    return Number(line?.[1]);
  };
  await using node = await startNode(transport, clock);
  await waitFor('the list', () => asked === 1);
  clock.advance(301_000);
  assert.equal(await age(), 301);
  list.resolve();
  await waitFor('the watch', () => asked === 2);
  clock.advance(7000);
  assert.equal(await age(), 7);
});
