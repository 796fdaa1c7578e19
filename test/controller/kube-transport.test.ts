import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { ApiUnavailable } from '../../src/controller/api-error.ts';
import { KubeClient } from '../../src/controller/kube-client.ts';
import type { KubeConfig } from '../../src/controller/kube-config.ts';
import { createTransport } from '../../src/controller/kube-transport.ts';
import { type Answer, never, patient, type ScriptedApi, startScriptedApi } from './scripted-api.ts';

/** Milliseconds for a request: a slow machine answers in less. */
const timeoutMs = 2000;

interface Pooled extends AsyncDisposable {
  readonly api: ScriptedApi;
  /** From now on the connections so far stay open but silent, as half-open ones are. */
  silence(): void;
  /** By which connection the request of each path came. */
  readonly cameBy: ReadonlyMap<string, Socket>;
  /** Whether that was one of the connections of the beginning. */
  isOld(path: string): boolean;
}

/** A client that has three idle connections; on top of that the server answers as told. */
async function startPooled(answer: Answer): Promise<Pooled> {
  const old = new Set<Socket>();
  const cameBy = new Map<string, Socket>();
  const together: ServerResponse[] = [];
  let silent = false;
  const api = await startScriptedApi((response, request) => {
    const path = request.url?.split('?')[0] ?? '';
    if (path === '/together') {
      // None is answered before all are there, so each needs a connection of its own.
      old.add(request.socket);
      if (together.push(response) === 3) for (const each of together) each.end('{}');
      return;
    }
    cameBy.set(path, request.socket);
    if (!silent || !old.has(request.socket)) answer(response, request);
  }, timeoutMs);
  await Promise.all([1, 2, 3].map(async () => await api.client.get('/together', never)));
  return {
    ...{ api, cameBy },
    isOld: (path) => old.has(cameBy.get(path) ?? assert.fail(`${path} never came`)),
    silence: () => void (silent = true),
    [Symbol.asyncDispose]: async () => await api[Symbol.asyncDispose](),
  };
}

test('of connections that fell silent one is noticed, and none of them is used again', async () => {
  await using pooled = await startPooled((response) => response.end('{}'));
  const { api, isOld } = pooled;
  pooled.silence();
  await assert.rejects(api.client.get('/first', never), ApiUnavailable);
  const others = ['/second', '/third', '/fourth'];
  for (const path of others) await api.client.get(path, never);
  assert.deepEqual(['/first', ...others].map(isOld), [true, false, false, false]);
  assert.equal(await api.failures('method="GET",code="0"'), 1);
});

/** All but watches are answered. */
const openOnly: Answer = (response, request) => {
  if (request.url?.startsWith('/watch') === true) response.flushHeaders();
  else response.end('{}');
};

/** Resolves when the watch is open, with a function that gives it up and waits for its end. */
async function startWatch({ client }: ScriptedApi, path: string): Promise<() => Promise<void>> {
  const idle = new AbortController();
  const open = Promise.withResolvers<void>();
  const controls = { deadline: idle.signal, onOpen: open.resolve };
  const ended = assert.rejects(
    Array.fromAsync(client.watch(path, {}, never, controls)),
    ApiUnavailable,
  );
  await open.promise;
  return async () => {
    idle.abort();
    await ended;
  };
}

test('a watch given up for its silence casts doubt on the connections beside it', async () => {
  await using pooled = await startPooled(openOnly);
  const { api, isOld } = pooled;
  const giveUp = await startWatch(api, '/watch');
  await giveUp();
  pooled.silence();
  await api.client.get('/next', never);
  assert.equal(isOld('/next'), false);
  assert.equal(await api.failures('method="GET",code="0"'), 1);
});

test('what fails on connections that were replaced casts no doubt on the new ones', async () => {
  await using pooled = await startPooled(openOnly);
  const { api, cameBy } = pooled;
  const giveUps = [await startWatch(api, '/watch/1'), await startWatch(api, '/watch/2')];
  for (const [index, giveUp] of giveUps.entries()) {
    await giveUp();
    await api.client.get(`/next/${index}`, never);
  }
  assert.equal(cameBy.get('/next/0'), cameBy.get('/next/1'));
});

const broken: [string, Answer][] = [
  ['breaks off', (response) => response.write('{"items":[', () => response.destroy())],
  ['never ends', (response) => response.write('{"items":[')],
];
for (const [what, answer] of broken) {
  test(`an answer that ${what} counts as none, and another connection is used`, async () => {
    await using pooled = await startPooled((response, request) => {
      if (request.url === '/broken') answer(response, request);
      else response.end('{}');
    });
    const { api, isOld } = pooled;
    await assert.rejects(api.client.get('/broken', never), ApiUnavailable);
    await api.client.get('/next', never);
    assert.equal(isOld('/next'), false);
    assert.equal(await api.failures('method="GET",code="0"'), 1);
  });
}

const unwanted: [string, Answer][] = [
  ['before it is answered', () => undefined],
  ['in the middle of its answer', (response) => response.write('{"items":[')],
];
for (const [when, answer] of unwanted) {
  test(`a request that its caller ends ${when} says nothing against the connections`, async () => {
    const enough = new AbortController();
    await using pooled = await startPooled((response, request) => {
      if (request.url !== '/unwanted') {
        response.end('{}');
        return;
      }
      answer(response, request);
      // By then the client has most likely read what there is of the answer.
      setTimeout(() => enough.abort(new Error('enough')), 50);
    });
    const { api, isOld } = pooled;
    await assert.rejects(api.client.get('/unwanted', enough.signal), /enough/);
    await api.client.get('/next', never);
    assert.equal(isOld('/next'), true);
    assert.equal(await api.failures('code='), 0);
  });
}

/** A client whose credentials do not come, as those of a program that hangs. */
function withoutCredentials(requestTimeoutMs: number): KubeClient {
  const config = {
    getCurrentCluster: () => ({ server: 'http://127.0.0.1:9' }),
    applyToHTTPSOptions: async () => await new Promise(() => undefined),
  };
  const limits = { requestTimeoutMs, answerBytes: 2000, eventBytes: 100 };
  return new KubeClient(
    createTransport(() => config as unknown as KubeConfig),
    limits,
  );
}

test('a request whose credentials do not come ends in time, and so does a watch', async () => {
  const client = withoutCredentials(50);
  const missing = {
    name: 'ApiUnavailable',
    message: /^GET \/x: no credentials (within 50 ms|in time)$/,
  };
  await assert.rejects(client.get('/x', never), missing);
  await assert.rejects(Array.fromAsync(client.watch('/x', {}, never, patient)), missing);
});

test('a request whose credentials do not come ends as soon as its caller wants', async () => {
  const enough = new AbortController();
  const asked = withoutCredentials(60_000).get('/x', enough.signal);
  enough.abort(new Error('enough'));
  await assert.rejects(asked, /enough/);
});
