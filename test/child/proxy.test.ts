import assert from 'node:assert/strict';
import type { Server } from 'node:https';
import { readdir } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { InitializerMessage } from '../../src/api/initializer.ts';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { listen } from '../support/http-listener.ts';
import { startProxy, type TestProxy } from '../support/proxy.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { runChildProcess } from './support/child-process.ts';
import { digestOf, download } from './support/download.ts';
import { fill } from './support/fill.ts';
import { BASIC_AUTH_OTS, contentRequest, git } from './support/request.ts';
import { startTlsServer } from './support/tls-server.ts';

describe('a proxy of the cluster (fault 8)', () => {
  let folder: TempDir;
  let tls: { server: Server; url: string };
  let gits: GitServer;
  let proxy: TestProxy;
  let temp: TempDir;

  before(async () => {
    folder = await createTempDir();
    tls = await startTlsServer(folder, 'content');
    gits = await startGitServer();
    await gits.create('project', { commits: [{ files: { a: 'a' } }] });
  });
  after(async () => {
    tls.server.closeAllConnections();
    tls.server.close();
    await gits.stop();
    await folder.remove();
  });
  beforeEach(async () => {
    proxy = await startProxy();
    temp = await createTempDir();
  });
  afterEach(async () => {
    await proxy[Symbol.asyncDispose]();
    await temp.remove();
  });

  const steps: [name: string, message: () => InitializerMessage][] = [
    ['git over https', () => git({ remoteUri: `${tls.url}/project.git` })],
    ['git over http', () => git({ remoteUri: `${gits.url}/project.git` })],
    ['a download over https', () => download(`${tls.url}/file`, digestOf('content'))],
  ];
  for (const [name, message] of steps) {
    test(`carries ${name}`, async () => {
      const env = {
        HTTPS_PROXY: proxy.url,
        http_proxy: proxy.url,
        SSL_CERT_FILE: folder.join('cert'),
      };
      await fill(temp.path, message(), { env });
      assert.ok(proxy.seen.length > 0);
      const { host } = new URL(name.endsWith('https') ? tls.url : gits.url);
      assert.ok(
        proxy.seen.every((line) => line.includes(host)),
        proxy.seen.join(),
      );
    });

    test(`does not carry ${name} to a host that is excepted`, async () => {
      const env = {
        HTTPS_PROXY: proxy.url,
        HTTP_PROXY: proxy.url,
        NO_PROXY: 'example.com,127.0.0.1',
        SSL_CERT_FILE: folder.join('cert'),
      };
      await fill(temp.path, message(), { env });
      assert.deepEqual(proxy.seen, []);
    });
  }

  test('carries the fetch of a one-time secret', async () => {
    const secrets = await listen(async (_request, response) => void response.end('token'));
    try {
      const config = { authentication: BASIC_AUTH_OTS, authOts: `${secrets.url}/ots` };
      const message = git({ remoteUri: `${gits.url}/project.git`, config });
      await fill(temp.path, message, { env: { HTTP_PROXY: proxy.url } });
      const { host } = new URL(secrets.url);
      assert.ok(
        proxy.seen.some((line) => line.includes(host)),
        proxy.seen.join(),
      );
    } finally {
      await secrets.stop();
    }
  });

  describe('that asks for a password', () => {
    const authorization = `Basic ${Buffer.from('alice:p w').toString('base64')}`;
    beforeEach(async () => {
      await proxy[Symbol.asyncDispose]();
      proxy = await startProxy(authorization);
    });

    for (const [name, message] of steps) {
      test(`gets the one in its URL: ${name}`, async () => {
        const address = proxy.url.replace('//', '//alice:p%20w@');
        const cert = { SSL_CERT_FILE: folder.join('cert') };
        const env = { HTTPS_PROXY: address, HTTP_PROXY: address, ...cert };
        await fill(temp.path, message(), { env });
        assert.ok(proxy.authorizations.includes(authorization));
      });
    }

    test('and gets none is said to', async () => {
      const remoteUri = `${gits.url}/project.git`;
      await assert.rejects(
        fill(temp.path, git({ remoteUri }), { env: { http_proxy: proxy.url } }),
        {
          reason: 'GitRemoteUnavailable',
          message: /the proxy asks for a user and a password/,
        },
      );
    });
  });

  test('that is not there makes the server unavailable, and its password shows up nowhere', async () => {
    // A port that was free a moment ago may be another test's by now.
    const env = { HTTP_PROXY: 'http://alice:hunter2@127.0.0.1:1' };
    const request = contentRequest(temp.path, git({ remoteUri: `${gits.url}/project.git` }));
    const outcome = await runChildProcess(request, { env });
    assert.equal(outcome.failure?.reason, 'GitRemoteUnavailable');
    assert.ok(!outcome.everything.includes('hunter2'));
    assert.deepEqual(await readdir(temp.path), []);
  });
});
