import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { ContentError } from '../../src/api/errors.ts';
import { freePorts } from '../control-plane/ports.ts';
import { type Fault, startFileServer } from '../support/file-server.ts';
import { listen } from '../support/http-listener.ts';
import { anyStore, exists, failure, fastEnvironment, location } from './support.ts';

describe('a store that does not answer as one', () => {
  test('is down: tried three times with growing pauses, then a clear error', async () => {
    const [port = 0] = await freePorts(1);
    const pauses: number[] = [];
    const delay = async (ms: number): Promise<void> => void pauses.push(ms);
    const config = { ...anyStore, endpoint: `http://127.0.0.1:${port}` };
    assert.equal(
      await failure(exists(config, fastEnvironment({ delay })), 'StorageUnavailable'),
      `the object store main (http://127.0.0.1:${port}) is not available: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
    assert.deepEqual(pauses, [200, 800]);
  });

  test('has a name that nobody knows', async () => {
    // Longer than DNS allows: no resolver is asked.
    const name = `${'x'.repeat(64)}.invalid`;
    const config = { ...anyStore, endpoint: `http://${name}` };
    assert.match(
      await failure(exists(config), 'StorageUnavailable'),
      new RegExp(`not available: .*${name}$`),
    );
  });

  test('comes back while it is tried', async () => {
    await using server = await startFaultyServer({ status: 503, times: 3 });
    assert.deepEqual(await exists(server.config), { size: 1 });
  });

  test('takes requests and never answers', async () => {
    await using server = await startFaultyServer({ hang: true });
    const limits = { requestTimeoutMs: 1000 };
    assert.match(
      await failure(exists(server.config, fastEnvironment({ limits })), 'StorageUnavailable'),
      /: no answer within 1 s$/,
    );
    assert.equal(server.requests(), 3);
  });

  test('takes connections and never answers, as a proxy', async () => {
    const silent = createServer((socket) => void socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const config = { ...anyStore, endpoint: 'https://s3.test', proxy: `http://127.0.0.1:${port}` };
    const environment = fastEnvironment({ limits: { requestTimeoutMs: 100 } });
    assert.match(
      await failure(exists(config, environment), 'StorageUnavailable'),
      /: no answer within 0\.1 s$/,
    );
    silent.close();
    await once(silent, 'close');
  });

  test('drops the connection', async () => {
    const server = await listen(async (_, response) => void response.destroy());
    const config = { ...anyStore, endpoint: server.url };
    assert.match(
      await failure(exists(config), 'StorageUnavailable'),
      /not available: other side closed/,
    );
    await server.stop();
  });

  test('is a web server: its 404 is not taken for a missing object', async () => {
    const server = await startFileServer();
    const config = { ...anyStore, endpoint: server.url };
    assert.match(
      await failure(exists(config), 'StorageUnavailable'),
      /: status 404, which is no answer of an S3 server$/,
    );
    await server.stop();
  });

  test('redirects: the signature goes nowhere else', async () => {
    const elsewhere = await startFileServer();
    await using server = await startFaultyServer({ redirectTo: `${elsewhere.url}/one/there` });
    await failure(exists(server.config), 'StorageUnavailable');
    assert.equal(elsewhere.requests.length, 0);
    await elsewhere.stop();
  });

  test('is left at once when the run is aborted', async () => {
    await using server = await startFaultyServer({ hang: true });
    const controller = new AbortController();
    const asked = exists(server.config, fastEnvironment(), location, controller.signal);
    const reason = new ContentError('Cancelled', 'deleted');
    setImmediate(() => controller.abort(reason));
    await assert.rejects(asked, (error) => error === reason);
  });

  test('is not asked again after an abort during the pause', async () => {
    await using server = await startFaultyServer({ status: 503 });
    const controller = new AbortController();
    const reason = new ContentError('Cancelled', 'deleted');
    const delay = async (): Promise<void> => {
      controller.abort(reason);
      throw reason;
    };
    const environment = fastEnvironment({ delay });
    const asked = exists(server.config, environment, location, controller.signal);
    await assert.rejects(asked, (error) => error === reason);
    assert.equal(server.requests(), 2);
  });
});

async function startFaultyServer(fault: Fault) {
  const server = await startFileServer();
  server.serve('/one/there', 'x', fault);
  return {
    config: { ...anyStore, endpoint: server.url },
    requests: () => server.requests.length,
    [Symbol.asyncDispose]: async () => await server.stop(),
  };
}
