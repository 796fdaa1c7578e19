import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { ApiError, ApiUnavailable } from '../../src/controller/api-error.ts';
import { KubeClient } from '../../src/controller/kube-client.ts';
import { loadKubeConfig } from '../../src/controller/kube-config.ts';
import { createTransport } from '../../src/controller/kube-transport.ts';
import { listen } from '../support/http-listener.ts';
import { createTempDir } from '../support/temp.ts';

const limits = { requestTimeoutMs: 500, answerBytes: 2000, eventBytes: 100 };
const never = new AbortController().signal;

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A client of a server that only knows this answer, which no API server would give on request. */
async function connect(answer: Answer) {
  const temp = await createTempDir();
  const server = await listen(async (request, response) => {
    answer(response, request);
    await Promise.resolve();
  });
  const kubeconfig = temp.join('kubeconfig');
  const named = <T>(value: T): T & { name: string } => ({ ...value, name: 'x' });
  const config = {
    clusters: [named({ cluster: { server: server.url, 'insecure-skip-tls-verify': true } })],
    users: [named({ user: { token: 'first' } })],
    contexts: [named({ context: { cluster: 'x', user: 'x' } })],
    'current-context': 'x',
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return {
    client: new KubeClient(
      createTransport(() => loadKubeConfig(kubeconfig)),
      limits,
    ),
    async [Symbol.asyncDispose]() {
      await server.stop();
      await temp.remove();
    },
  };
}

function json(status: number, body: object, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

test('an answer other than 2xx becomes an ApiError with the words of the server', async () => {
  const status = { kind: 'Status', reason: 'NotFound', message: 'there is no such thing' };
  await using server = await connect(json(404, status));
  const error = await server.client.get('/x', never).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof ApiError);
  assert.deepEqual([error.status, error.reason, error.retryAfterMs], [404, 'NotFound', undefined]);
  assert.equal(error.message, 'GET /x: 404 there is no such thing');
});

test('Retry-After is taken over', async () => {
  await using server = await connect(json(429, {}, { 'retry-after': '7' }));
  await assert.rejects(server.client.get('/x', never), { retryAfterMs: 7000 });
});

test('an error that is plain text, as proxies send it, is told in part', async () => {
  await using server = await connect((response) => {
    response.writeHead(502).end('bad gateway '.repeat(100));
  });
  const error = await server.client.get('/x', never).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof ApiError && error.message.length < 300);
});

const unavailable: [string, Answer][] = [
  ['there is no answer', () => undefined],
  ['the answer is no JSON', (response) => response.end('<html>')],
  ['the answer is cut off', (response) => response.write('{"items":[', () => response.destroy())],
  ['the answer never ends', (response) => response.write('{"items":[')],
  ['the answer is too long', (response) => response.end(`"${'x'.repeat(3000)}"`)],
  ['the connection is closed', (response) => response.destroy()],
];

for (const [what, answer] of unavailable) {
  test(`a request fails as ApiUnavailable within its time when ${what}`, async () => {
    await using server = await connect(answer);
    const began = performance.now();
    await assert.rejects(server.client.get('/x', never), ApiUnavailable);
    assert.ok(performance.now() - began < 2000);
  });
}

test('a server that is not there is ApiUnavailable', async () => {
  const server = await connect(() => undefined);
  await server[Symbol.asyncDispose]();
  await assert.rejects(server.client.get('/x', never), ApiUnavailable);
});

test("the caller's own abort is what is thrown", async () => {
  await using server = await connect(() => undefined);
  const reason = new Error('enough');
  await assert.rejects(server.client.get('/x', AbortSignal.abort(reason)), reason);
  const aborting = new AbortController();
  const request = server.client.get('/x', aborting.signal);
  setImmediate(() => aborting.abort(reason));
  await assert.rejects(request, reason);
});

test('a watch hands its lines on as they come, and lasts longer than a request may', async () => {
  await using server = await connect((response, request) => {
    assert.equal(request.url, '/x?resourceVersion=5&watch=true');
    response.write('{"a":1}\n{"b"');
    setTimeout(() => response.end(':2}\n'), 700);
  });
  const lines = await Array.fromAsync(server.client.watch('/x', { resourceVersion: '5' }, never));
  assert.deepEqual(lines, ['{"a":1}', '{"b":2}']);
});

test('a watch that is refused throws what the server says', async () => {
  await using server = await connect(json(410, { reason: 'Expired' }));
  const watch = Array.fromAsync(server.client.watch('/x', {}, never));
  await assert.rejects(watch, { status: 410, reason: 'Expired' });
});

test('a watch whose line is too long, or that is cut off, is ApiUnavailable', async () => {
  for (const text of ['x'.repeat(200), '{"a":1}\n{"b']) {
    await using server = await connect((response) => {
      response.write(text, () => setTimeout(() => response.destroy(), 50));
    });
    await assert.rejects(Array.fromAsync(server.client.watch('/x', {}, never)), ApiUnavailable);
  }
});

test('the status is applied by server-side apply in the name of this project', async () => {
  const seen: unknown[] = [];
  await using server = await connect((response, request) => {
    seen.push(request.method, request.url, request.headers['content-type']);
    seen.push(request.headers.authorization);
    response.end('{}');
  });
  await server.client.apply('/x/status', { status: {} }, never);
  assert.deepEqual(seen, [
    'PATCH',
    '/x/status?fieldManager=workspace-content&force=true&fieldValidation=Strict',
    'application/apply-patch+yaml',
    'Bearer first',
  ]);
});

test('a kubeconfig that is missing or has no cluster is an error for people', async () => {
  await using temp = await createTempDir();
  assert.throws(() => loadKubeConfig(temp.join('none')), /cannot read the kubeconfig .*none/);
  await writeFile(temp.join('empty'), JSON.stringify({ clusters: [], users: [], contexts: [] }));
  assert.throws(() => loadKubeConfig(temp.join('empty')), /no cluster/);
});
