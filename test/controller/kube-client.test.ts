import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ApiError, ApiUnavailable } from '../../src/controller/api-error.ts';
import { loadKubeConfig } from '../../src/controller/kube-config.ts';
import { createTempDir } from '../support/temp.ts';
import { type Answer, never, patient, startScriptedApi } from './scripted-api.ts';

function json(status: number, body: object, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

test('an answer other than 2xx becomes an ApiError with the words of the server', async () => {
  const status = { kind: 'Status', reason: 'NotFound', message: 'there is no such thing' };
  await using server = await startScriptedApi(json(404, status));
  const error = await server.client.get('/x', never).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof ApiError);
  assert.deepEqual([error.status, error.reason, error.retryAfterMs], [404, 'NotFound', undefined]);
  assert.equal(error.message, 'GET /x: 404 there is no such thing');
});

test('Retry-After is taken over', async () => {
  await using server = await startScriptedApi(json(429, {}, { 'retry-after': '7' }));
  await assert.rejects(server.client.get('/x', never), { retryAfterMs: 7000 });
});

test('an error that is plain text, as proxies send it, is told in part', async () => {
  await using server = await startScriptedApi((response) => {
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
    await using server = await startScriptedApi(answer);
    const began = performance.now();
    await assert.rejects(server.client.get('/x', never), ApiUnavailable);
    assert.ok(performance.now() - began < 2000);
  });
}

test('a server that is not there is ApiUnavailable', async () => {
  const server = await startScriptedApi(() => undefined);
  await server[Symbol.asyncDispose]();
  await assert.rejects(server.client.get('/x', never), ApiUnavailable);
});

test("the caller's own abort is what is thrown", async () => {
  await using server = await startScriptedApi(() => undefined);
  const reason = new Error('enough');
  await assert.rejects(server.client.get('/x', AbortSignal.abort(reason)), reason);
  const aborting = new AbortController();
  const request = server.client.get('/x', aborting.signal);
  setImmediate(() => aborting.abort(reason));
  await assert.rejects(request, reason);
});

test('a watch hands its lines on as they come, and lasts longer than a request may', async () => {
  await using server = await startScriptedApi((response, request) => {
    assert.equal(request.url, '/x?resourceVersion=5&watch=true');
    response.write('{"a":1}\n{"b"');
    setTimeout(() => response.end(':2}\n'), 700);
  });
  const lines = await Array.fromAsync(
    server.client.watch('/x', { resourceVersion: '5' }, never, patient),
  );
  assert.deepEqual(lines, ['{"a":1}', '{"b":2}']);
});

test('a watch is open when the server has said so, before its first line', async () => {
  const first = Promise.withResolvers<void>();
  await using server = await startScriptedApi((response) => {
    response.flushHeaders();
    void first.promise.then(() => response.end('{"a":1}\n'));
  });
  const opened = Promise.withResolvers<void>();
  const watch = server.client.watch('/x', {}, never, { deadline: never, onOpen: opened.resolve });
  const lines = Array.fromAsync(watch);
  await opened.promise;
  first.resolve();
  assert.deepEqual(await lines, ['{"a":1}']);
});

test('a watch that is refused throws what the server says, and is never open', async () => {
  await using server = await startScriptedApi(json(410, { reason: 'Expired' }));
  let opened = false;
  const onOpen = (): void => void (opened = true);
  const watch = server.client.watch('/x', {}, never, { deadline: never, onOpen });
  await assert.rejects(Array.fromAsync(watch), { status: 410, reason: 'Expired' });
  assert.equal(opened, false);
});

test('a watch whose line is too long, or that is cut off, is ApiUnavailable', async () => {
  for (const text of ['x'.repeat(200), '{"a":1}\n{"b']) {
    await using server = await startScriptedApi((response) => {
      response.write(text, () => setTimeout(() => response.destroy(), 50));
    });
    await assert.rejects(
      Array.fromAsync(server.client.watch('/x', {}, never, patient)),
      ApiUnavailable,
    );
  }
});

test('the status is applied by server-side apply in the name of this project', async () => {
  const seen: unknown[] = [];
  await using server = await startScriptedApi((response, request) => {
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
