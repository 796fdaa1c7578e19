import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type GitServer, startGitServer } from '../../support/git-server.ts';
import { findProcesses } from '../../support/leftovers.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { waitFor } from '../../support/wait.ts';
import { fill } from '../support/fill.ts';
import { git, REMOTE_BRANCH } from '../support/request.ts';

const history = { commits: [{ files: { 'README.md': 'x\n' } }] };

describe('git failures', () => {
  let server: GitServer | undefined;
  let temp: TempDir;

  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => {
    await server?.stop();
    server = undefined;
    await temp.remove();
  });

  const serve = async (
    intercept: (request: IncomingMessage, response: ServerResponse) => boolean,
  ): Promise<string> => {
    server = await startGitServer({ intercept });
    return (await server.create('project', history)).url;
  };
  const advertisements = (): number =>
    server?.requests.filter(({ path }) => path.includes('info/refs')).length ?? 0;

  test('a repository that does not exist is not found, at once', async () => {
    await serve(() => false);
    await assert.rejects(fill(temp.path, git({ remoteUri: `${server?.url}/none.git` })), {
      reason: 'GitRepositoryNotFound',
      step: 'git',
    });
    assert.equal(advertisements(), 1);
    assert.deepEqual(await readdir(temp.path), []);
  });

  test('a server that cannot serve now is tried again', async () => {
    let refusals = 2;
    const url = await serve((_request, response) => {
      if (refusals === 0) return false;
      refusals -= 1;
      response.writeHead(503).end();
      return true;
    });
    await fill(temp.path, git({ remoteUri: url }));
    assert.equal(advertisements(), 3);
  });

  const waits = [
    { form: 'seconds', header: () => '1' },
    { form: 'a date', header: () => new Date(Date.now() + 1500).toUTCString() },
  ];
  for (const { form, header } of waits) {
    test(`a server that asks to wait by ${form} is waited for`, async () => {
      const asked: number[] = [];
      const url = await serve((_request, response) => {
        asked.push(performance.now());
        if (asked.length > 1) return false;
        response.writeHead(429, { 'retry-after': header() }).end();
        return true;
      });
      const patience = { retry: { tries: 2, baseMs: 1, maxMs: 5000 } };
      await fill(temp.path, git({ remoteUri: url }), { patience });
      const [first = 0, second = 0] = asked;
      // A date has whole seconds, and the answer's own may be a moment later.
      assert.ok(second - first >= (form === 'seconds' ? 1000 : 100), `${second - first} ms`);
    });
  }

  test('a server that took too long is said to have (HTTP 524)', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(524).end();
      return true;
    });
    await assert.rejects(fill(temp.path, git({ remoteUri: url })), {
      reason: 'GitRemoteUnavailable',
      message: /took too long to answer \(HTTP 524\), which happens with very large repositories/,
    });
  });

  test('a server that denies access is believed at once', async () => {
    const url = await serve((_request, response) => {
      response
        .writeHead(503, { 'content-type': 'text/plain; charset=utf-8' })
        .end('Access denied\n');
      return true;
    });
    await assert.rejects(fill(temp.path, git({ remoteUri: url })), {
      reason: 'GitAuthenticationFailed',
      message: /the git server denies access; grant the user/,
    });
    assert.equal(advertisements(), 1);
  });

  const permanent = [
    { status: 403, reason: 'GitAuthenticationFailed', tries: 1 },
    { status: 500, reason: 'GitRemoteUnavailable', tries: 3 },
    { status: 524, reason: 'GitRemoteUnavailable', tries: 3 },
  ];
  for (const { status, reason, tries } of permanent) {
    test(`HTTP ${status} ends as ${reason} after ${tries} tries`, async () => {
      const url = await serve((_request, response) => {
        response.writeHead(status).end();
        return true;
      });
      await assert.rejects(fill(temp.path, git({ remoteUri: url })), { reason });
      assert.equal(advertisements(), tries);
      assert.deepEqual(await readdir(temp.path), []);
    });
  }

  test('a pack that breaks off is tried again from nothing', async () => {
    let breaks = 1;
    const url = await serve((request, response) => {
      if (!request.url?.endsWith('/git-upload-pack') || breaks === 0) return false;
      breaks -= 1;
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
      response.write('0', () => response.destroy());
      return true;
    });
    await fill(temp.path, git({ remoteUri: url }));
    assert.equal(advertisements(), 2);
  });

  test('what is no git server is said to be none', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>\n<p>Log in</p>\n');
      return true;
    });
    await assert.rejects(fill(temp.path, git({ remoteUri: url })), {
      reason: 'GitRemoteUnavailable',
      message: new RegExp(`^${url}: the server did not answer as a git server does; git said: `),
    });
  });

  test('a host that refuses connections is unavailable, not a missing branch', async () => {
    const url = await serve(() => false);
    await server?.stop();
    await assert.rejects(
      fill(temp.path, git({ remoteUri: url, targetMode: REMOTE_BRANCH, cloneTarget: 'feature' })),
      { reason: 'GitRemoteUnavailable' },
    );
    assert.deepEqual(await readdir(temp.path), []);
  });

  test('a server that never answers is given up', async () => {
    const url = await serve(() => true);
    await assert.rejects(
      fill(temp.path, git({ remoteUri: url }), {
        patience: { gitSilenceMs: 1500, retry: { tries: 2, baseMs: 1, maxMs: 1 } },
      }),
      { reason: 'GitRemoteUnavailable', message: `${url}: the git server stopped answering` },
    );
    assert.equal(advertisements(), 2);
    assert.deepEqual(await readdir(temp.path), []);
    assert.deepEqual(await findProcesses(temp.path), []);
  });

  test('an abort ends git and all that it started, and leaves nothing', async () => {
    const url = await serve(() => true);
    const controller = new AbortController();
    const run = fill(temp.path, git({ remoteUri: url }), { signal: controller.signal });
    const ended = assert.rejects(run);
    await waitFor('the clone', () => advertisements() === 1);
    controller.abort();
    await ended;
    assert.deepEqual(await findProcesses(temp.path), []);
    assert.deepEqual(await findProcesses(url), []);
    assert.deepEqual(await readdir(temp.path), []);
  });

  test('a redirect to another protocol is not followed', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(302, { location: 'file:///etc/passwd' }).end();
      return true;
    });
    await assert.rejects(fill(temp.path, git({ remoteUri: url })), {
      reason: 'GitRemoteUnavailable',
    });
  });
});
