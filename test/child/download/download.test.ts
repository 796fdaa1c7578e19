import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ContentProgress } from '../../../src/api/protocol.ts';
import { type FileServer, startFileServer } from '../../support/file-server.ts';
import { listen } from '../../support/http-listener.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { digestOf, download } from '../support/download.ts';
import { fill } from '../support/fill.ts';

const content = Buffer.from('some content, to be downloaded\n'.repeat(10_000));

const digest = digestOf(content);

describe('download', () => {
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

  for (const algorithm of ['sha256', 'sha384', 'sha512']) {
    test(`checks a ${algorithm} digest`, async () => {
      const url = server.serve('/file', content);
      const { metrics } = await fill(temp.path, download(url, digestOf(content, algorithm)));

      assert.deepEqual(await readFile(temp.join('file')), content);
      assert.equal((await stat(temp.join('file'))).mode & 0o777, 0o644);
      assert.deepEqual(
        metrics.map(({ path, type, size }) => ({ path, type, size })),
        [{ path: 'download', type: 'fileDownload', size: content.length }],
      );
    });

    test(`leaves nothing of a file with another ${algorithm} digest`, async () => {
      const url = server.serve('/file', content);
      const wrong = digestOf('other', algorithm);
      await assert.rejects(fill(temp.path, download(`${url}?sig=secret`, wrong)), {
        reason: 'DigestMismatch',
        step: 'download',
        message: `${url} was to have the digest ${wrong}, but has ${digestOf(content, algorithm)}`,
      });
      await nothingLeft();
      assert.equal(server.requests.length, 1);
    });
  }

  test('puts files into directories that it makes, many at once', async () => {
    const files = Array.from({ length: 30 }, (_, index) => ({
      url: server.serve(`/${index}`, `file ${index}`),
      filePath: `dir-${index % 3}/sub/${index}`,
      digest: digestOf(`file ${index}`),
    }));
    const { metrics } = await fill(temp.path, { download: { files, targetLocation: 'to/here' } });
    for (let index = 0; index < 30; index += 1) {
      const path = temp.join(`to/here/dir-${index % 3}/sub/${index}`);
      assert.equal(await readFile(path, 'utf8'), `file ${index}`);
    }
    assert.equal(metrics[0]?.size, 20 * 7 + 10 * 6);
  });

  test('an empty file is one too', async () => {
    await fill(temp.path, download(server.serve('/empty', ''), digestOf('')));
    assert.equal((await stat(temp.join('file'))).size, 0);
  });

  test('follows redirects, to other hosts too', async () => {
    const other = await startFileServer();
    try {
      const target = other.serve('/final', content);
      server.serve('/second', '', { redirectTo: target });
      const url = server.serve('/first', '', { redirectTo: '/second?x=1' });
      await fill(temp.path, download(url, digest));
      assert.deepEqual(await readFile(temp.join('file')), content);
    } finally {
      await other.stop();
    }
  });

  test('goes through the proxy that the environment names', async () => {
    const url = 'http://files.invalid/file';
    const proxy = await listen(async (request, response) => {
      response.writeHead(request.url === url ? 200 : 404).end(content);
    });
    try {
      await fill(temp.path, download(url, digest), { env: { http_proxy: proxy.url } });
      assert.deepEqual(await readFile(temp.join('file')), content);
    } finally {
      await proxy.stop();
    }
  });

  describe('and what earlier steps left', () => {
    test('a link in its way to the file is not followed', async () => {
      const url = server.serve('/file', content);
      const outside = await createTempDir();
      try {
        await symlink(outside.path, temp.join('dir'));
        await assert.rejects(fill(temp.path, download(url, digest, 'dir/file')), {
          reason: 'PathNotAllowed',
          message: 'dir is a symbolic link, not a directory',
        });
        assert.deepEqual(await readdir(outside.path), []);
      } finally {
        await outside.remove();
      }
    });

    test('a link in the place of the file is not written through', async () => {
      await writeFile(temp.join('precious'), 'precious');
      await symlink('precious', temp.join('file'));
      await assert.rejects(fill(temp.path, download(server.serve('/file', content), digest)), {
        reason: 'PathNotAllowed',
      });
      assert.equal(await readFile(temp.join('precious'), 'utf8'), 'precious');
    });

    test('a directory in the place of the file stays', async () => {
      await mkdir(temp.join('file'));
      await assert.rejects(fill(temp.path, download(server.serve('/file', content), digest)), {
        reason: 'PathNotAllowed',
        message: 'file is a directory already, made by an earlier step',
      });
    });

    test('a file is replaced', async () => {
      await writeFile(temp.join('file'), 'old');
      await fill(temp.path, download(server.serve('/file', content), digest));
      assert.deepEqual(await readFile(temp.join('file')), content);
    });
  });

  test('tells how far it is', async () => {
    const progress: ContentProgress[] = [];
    await fill(temp.path, download(server.serve('/file', content), digest), { progress });
    assert.deepEqual(progress.at(-1), {
      step: 'download',
      phase: 'Downloading',
      bytes: content.length,
      totalBytes: content.length,
    });
  });
});
