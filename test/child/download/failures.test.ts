import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type FileServer, startFileServer } from '../../support/file-server.ts';
import { listen } from '../../support/http-listener.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { waitFor } from '../../support/wait.ts';
import { digestOf, download } from '../support/download.ts';
import { fill } from '../support/fill.ts';

const content = Buffer.from('some content, to be downloaded\n'.repeat(10_000));
const digest = digestOf(content);

describe('a download that goes wrong', () => {
  let server: FileServer;
  let temp: TempDir;

  beforeEach(async () => {
    server = await startFileServer();
    temp = await createTempDir();
  });
  afterEach(async () => {
    await server.stop();
    await temp.remove();
  });

  const nothingLeft = async (): Promise<void> => assert.deepEqual(await readdir(temp.path), []);

  const faults = [
    { name: 'a body that breaks off', fault: { times: 2, dropAfterBytes: 5000 } },
    { name: 'HTTP 503', fault: { times: 2, status: 503 } },
    {
      name: 'HTTP 429 with Retry-After',
      fault: { times: 1, status: 429, headers: { 'retry-after': '3600' } },
    },
  ];
  for (const { name, fault } of faults) {
    test(`is tried again from nothing after ${name}`, async () => {
      const url = server.serve('/file', content, fault);
      await fill(temp.path, download(url, digest));
      assert.deepEqual(await readFile(temp.join('file')), content);
      assert.equal(server.requests.length, fault.times + 1);
      assert.ok(server.requests.every(({ range }) => range === undefined));
      assert.deepEqual((await readdir(temp.path)).sort(), ['.gitpod', 'file']);
    });
  }

  const failures = [
    { name: 'HTTP 404', fault: { status: 404 }, reason: 'DownloadNotFound', tries: 1 },
    { name: 'HTTP 403', fault: { status: 403 }, reason: 'DownloadNotFound', tries: 1 },
    { name: 'HTTP 410', fault: { status: 410 }, reason: 'DownloadNotFound', tries: 1 },
    { name: 'HTTP 400', fault: { status: 400 }, reason: 'DownloadFailed', tries: 1 },
    { name: 'HTTP 500', fault: { status: 500 }, reason: 'DownloadFailed', tries: 3 },
    {
      name: 'a body that always breaks off',
      fault: { dropAfterBytes: 10 },
      reason: 'DownloadFailed',
      tries: 3,
    },
    {
      name: 'a redirect to a file',
      fault: { redirectTo: 'file:///etc/passwd' },
      reason: 'DownloadFailed',
      tries: 1,
    },
    {
      name: 'a redirect to nowhere',
      fault: { redirectTo: 'http://' },
      reason: 'DownloadFailed',
      tries: 1,
    },
    {
      name: 'redirects without an end',
      fault: { redirectTo: '/file' },
      reason: 'DownloadFailed',
      tries: 11,
    },
  ];
  for (const { name, fault, reason, tries } of failures) {
    test(`ends as ${reason} after ${name}`, async () => {
      const url = server.serve('/file', content, fault);
      await assert.rejects(
        fill(temp.path, download(`${url}?X-Signature=secret#part`, digest)),
        (error: Error) => {
          assert.equal((error as { reason?: string }).reason, reason);
          assert.ok(error.message.includes(`${server.url}/file`));
          assert.ok(!error.message.includes('secret'));
          return true;
        },
      );
      await nothingLeft();
      assert.equal(server.requests.length, tries);
    });
  }

  test('a file that is announced larger than the limit is refused before it comes', async () => {
    const url = server.serve('/file', content);
    await assert.rejects(
      fill(temp.path, download(url, digest), { limits: { downloadBytes: 1000 } }),
      {
        reason: 'LimitExceeded',
        message: `${url} is larger than the 1000 bytes that one file may have`,
      },
    );
    await nothingLeft();
  });

  test('a file that turns out larger than the limit is given up', async () => {
    const chunked = await listen(async (_request, response) => {
      response.write(content);
      response.end(content);
    });
    try {
      const limits = { downloadBytes: content.length };
      await assert.rejects(fill(temp.path, download(chunked.url, digest), { limits }), {
        reason: 'LimitExceeded',
      });
      await nothingLeft();
    } finally {
      await chunked.stop();
    }
  });

  const stalls = [
    { name: 'never answers', patience: { headersMs: 500 }, begins: false },
    { name: 'stops in the middle', patience: { idleMs: 500 }, begins: true },
  ];
  for (const { name, patience, begins } of stalls) {
    test(`a server that ${name} is given up`, async () => {
      const stalled = await listen(async (_request, response) => {
        if (begins) response.write(content);
      });
      try {
        await assert.rejects(fill(temp.path, download(stalled.url, digest), { patience }), {
          reason: 'DownloadFailed',
        });
        await nothingLeft();
        assert.equal(stalled.requests.length, 3);
      } finally {
        await stalled.stop();
      }
    });
  }

  test('a server that nobody runs is given up', async () => {
    const url = server.serve('/file', content);
    await server.stop();
    await assert.rejects(fill(temp.path, download(url, digest)), {
      reason: 'DownloadFailed',
      message: new RegExp(`^could not download ${url}: .*ECONNREFUSED`),
    });
  });

  test('an abort ends it and leaves nothing', async () => {
    const url = server.serve('/file', content, { hang: true });
    const controller = new AbortController();
    const run = assert.rejects(
      fill(temp.path, download(url, digest), { signal: controller.signal }),
    );
    await waitFor('the request', () => server.requests.length === 1);
    controller.abort();
    await run;
    await nothingLeft();
  });

  test('the first failure stops the other files, and is what is told', async () => {
    const files = [
      {
        url: server.serve('/hangs', content, { hang: true }),
        filePath: 'a',
        digest,
      },
      { url: `${server.url}/missing`, filePath: 'b', digest },
    ];
    await assert.rejects(fill(temp.path, { download: { files } }), { reason: 'DownloadNotFound' });
    await nothingLeft();
  });
});
