import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type FileServer, startFileServer } from './file-server.ts';

describe('file server', () => {
  let server: FileServer;

  beforeEach(async () => {
    server = await startFileServer();
  });
  afterEach(async () => await server.stop());

  test('serves a file, whole and in parts', async () => {
    const url = server.serve('/a.txt', '0123456789');
    assert.equal(await (await fetch(url)).text(), '0123456789');
    const part = await fetch(url, { headers: { range: 'bytes=2-4' } });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get('content-range'), 'bytes 2-4/10');
    assert.equal(await part.text(), '234');
    assert.equal((await fetch(url, { headers: { range: 'bytes=10-' } })).status, 416);
    assert.equal(server.requests[1]?.range, 'bytes=2-4');
  });

  test('a fault applies as often as it says', async () => {
    const url = server.serve('/a', 'content', { status: 503, times: 2 });
    const answers = [await fetch(url), await fetch(url), await fetch(url)];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [503, 503, 200],
    );
  });

  test('drops the connection within the body', async () => {
    const url = server.serve('/a', 'x'.repeat(100_000), { dropAfterBytes: 1000 });
    await assert.rejects(async () => await (await fetch(url)).text());
  });

  test('redirects', async () => {
    const target = server.serve('/target', 'there');
    const url = server.serve('/a', '', { redirectTo: target });
    assert.equal(await (await fetch(url)).text(), 'there');
  });

  test('never answers, and can be stopped all the same', async () => {
    const url = server.serve('/a', 'content', { hang: true });
    await assert.rejects(fetch(url, { signal: AbortSignal.timeout(100) }), /timeout/);
  });

  test('a path that nobody serves is not found', async () => {
    assert.equal((await fetch(`${server.url}/none`)).status, 404);
  });
});
