import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { systemClock } from '../../src/controller/clock.ts';
import type { KubeRequest, KubeTransport } from '../../src/controller/kube-transport.ts';
import { lockStateDir } from '../../src/controller/state-lock.ts';
import { waitFor } from '../support/wait.ts';
import { sampleObject } from './samples.ts';
import { createNodeFolder, hangs, type NodeOptions, startScriptedNode } from './scripted-node.ts';

const nodeName = 'node-a';
/** So many that their events still wait when it is time to say farewell. */
const names = Array.from({ length: 12 }, (_, index) => `run-${index}`);

function answer(value: object): IncomingMessage {
  const head = { statusCode: 200, headers: {} };
  const body = Readable.from([Buffer.from(JSON.stringify(value))]);
  return Object.assign(body, head) as unknown as IncomingMessage;
}

async function silence({ signal }: KubeRequest): Promise<never> {
  return await new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
  });
}

/** A daemon with a run of each name, whose API server takes statuses while `it.hears` but never an event. */
async function startRunning(options: Partial<NodeOptions>) {
  const it = { hears: true, statuses: 0, events: 0 };
  const transport: KubeTransport = async (request) => {
    const { path, method, query = {}, body } = request;
    if (path.endsWith('/events')) it.events += 1;
    if (path.endsWith('/status') && it.hears) {
      it.statuses += 1;
      const { metadata, status } = body as { metadata: object; status: object };
      return answer(sampleObject({}, { ...metadata, resourceVersion: '11' }, status));
    }
    if (method !== 'GET' || query['watch'] === 'true') return await silence(request);
    const items = names.map((name) => sampleObject({}, { name, uid: name }));
    return answer({ items, metadata: { resourceVersion: '10' } });
  };
  const node = await startScriptedNode({
    ...{ kubeconfig: '/nowhere', nodeName, script: hangs, transport },
    maxConcurrent: names.length,
    ...options,
  });
  await waitFor('the runs', () => it.statuses === names.length && it.events > 0);
  return { node, it };
}

async function assertEnded(healthUrl: string, folder: string): Promise<void> {
  await assert.rejects(fetch(`${healthUrl}/healthz`));
  const lock = await lockStateDir(`${folder}/state`, Date.now());
  await lock[Symbol.asyncDispose]();
}

test('the daemon ends in order when the API server hangs and events wait', async () => {
  await using folder = await createNodeFolder();
  const { node, it } = await startRunning({ folder: folder.path });
  it.hears = false;
  const began = performance.now();
  await node.stop();
  assert.ok(performance.now() - began < 12_000);
  await assertEnded(node.healthUrl, folder.path);
  assert.match(node.lines.at(-1) ?? '', /the daemon ended"/);
});

test('a part of the end that fails is told, and the others come all the same', async () => {
  await using folder = await createNodeFolder();
  const sleep = (): never => {
    throw new Error('no sleep');
  };
  const clock = { ...systemClock, sleep };
  const { node } = await startRunning({ folder: folder.path, clock, drainTimeoutMs: 60_000 });
  await node.stop();
  await assertEnded(node.healthUrl, folder.path);
  assert.equal(node.lines.filter((line) => line.includes('attempt failed')).length, names.length);
  assert.match(node.lines.at(-1) ?? '', /no sleep.*not all of its end worked/);
});
