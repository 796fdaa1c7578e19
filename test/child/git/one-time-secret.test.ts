import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import { parseOneTimeSecret } from '../../../src/child/git/login.ts';
import { type GitServer, startGitServer } from '../../support/git-server.ts';
import { type HttpListener, listen } from '../../support/http-listener.ts';
import { filesContaining } from '../../support/leftovers.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { runChildProcess } from '../support/child-process.ts';
import { fill } from '../support/fill.ts';
import {
  BASIC_AUTH_OTS,
  composite,
  contentRequest,
  git,
  type GitFields,
} from '../support/request.ts';

const auth = { user: 'alice', password: 'se:cret %20 ü "once"' };
const history = { commits: [{ files: { 'README.md': 'private\n' } }] };

describe('what a one-time secret answers', () => {
  const answers = [
    { text: 'alice:secret', user: 'alice', password: 'secret' },
    { text: 'alice:se:cret\n', user: 'alice', password: 'se:cret' },
    { text: 'token\r\n', user: 'git', password: 'token' },
    { text: ':token', user: 'git', password: 'token' },
  ];
  for (const { text, user, password } of answers) {
    test(`${JSON.stringify(text)} is ${user} with ${password}`, () => {
      assert.deepEqual(parseOneTimeSecret(text), { user, password });
    });
  }

  for (const text of ['', '\n', 'alice:', 'a\nb', 'a\0b']) {
    test(`${JSON.stringify(text)} is no login`, () => {
      assert.equal(parseOneTimeSecret(text), undefined);
    });
  }
});

describe('a login by a one-time secret', () => {
  let gits: GitServer;
  let url: string;
  let secrets: HttpListener;
  let answers: ((response: ServerResponse) => void)[];
  let temp: TempDir;

  beforeEach(async () => {
    temp = await createTempDir();
    gits = await startGitServer({ auth });
    ({ url } = await gits.create('private', history));
    answers = [];
    secrets = await listen(async (_request, response) => {
      const answer = answers.shift() ?? ((late: ServerResponse) => late.writeHead(404).end());
      answer(response);
    });
  });
  afterEach(async () => {
    await Promise.all([gits.stop(), secrets.stop()]);
    await temp.remove();
  });

  const secretOnce = (response: ServerResponse): void =>
    void response.end(`${auth.user}:${auth.password}`);
  const status =
    (code: number, headers = {}) =>
    (response: ServerResponse): void =>
      void response.writeHead(code, headers).end();
  const fields = (checkoutLocation = ''): GitFields => ({
    remoteUri: url,
    checkoutLocation,
    config: { authentication: BASIC_AUTH_OTS, authOts: `${secrets.url}/ots/t0ken?k=v4lue` },
  });

  test('is fetched once for all steps of a run, and kept from what people see', async () => {
    answers = [secretOnce];
    const learned: string[] = [];
    await fill(temp.path, composite(git(fields('a')), git(fields('b'))), { learned });
    assert.deepEqual((await readdir(temp.path)).sort(), ['.gitpod', 'a', 'b']);
    assert.equal(secrets.requests.length, 1);
    assert.ok(learned.includes(auth.password));
  });

  test('waits for a server that does not have it yet', async () => {
    answers = [
      status(503),
      (response) => response.destroy(),
      status(307, { location: '/elsewhere' }),
      secretOnce,
    ];
    await fill(temp.path, git(fields()));
    assert.equal(secrets.requests.length, 4);
    assert.equal(secrets.requests[3]?.path, '/elsewhere');
  });

  test('gives up after twenty tries', async () => {
    answers = Array.from({ length: 30 }, () => status(500));
    await assert.rejects(fill(temp.path, git(fields())), {
      reason: 'GitRemoteUnavailable',
      message: /^git\.config\.authOts: the one-time secret could not be fetched from .* HTTP 500$/,
    });
    assert.equal(secrets.requests.length, 20);
    assert.deepEqual(await readdir(temp.path), []);
  });

  const refusals: [string, (response: ServerResponse) => void, RegExp][] = [
    ['is gone', status(404), /HTTP 404; such a secret can be fetched once only/],
    ['is refused', status(403), /HTTP 403/],
    ['leads elsewhere', status(302, { location: 'http://127.0.0.2:1/x' }), /another host/],
    ['is endless', (response) => response.end('x'.repeat(100_000)), /more than 65536 bytes/],
    ['is empty', (response) => response.end(), /no user:password/],
  ];
  for (const [name, answer, message] of refusals) {
    test(`ends at once when the secret ${name}`, async () => {
      answers = [answer];
      await assert.rejects(fill(temp.path, git(fields())), (error: Error) => {
        assert.equal((error as { reason?: string }).reason, 'GitAuthenticationFailed');
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /t0ken|v4lue/);
        return true;
      });
      assert.equal(secrets.requests.length, 1);
      assert.equal(gits.requests.length, 0);
    });
  }

  test('is not done for a location that is a working copy already', async () => {
    await execa('git', ['init', '--quiet', temp.path]);
    await fill(temp.path, git(fields()));
    assert.equal(secrets.requests.length, 0);
  });

  test('is in no file or answer, also when the server quotes it', async () => {
    await gits.stop();
    gits = await startGitServer({
      intercept: (request, response) => {
        const login = Buffer.from(request.headers.authorization?.slice(6) ?? '', 'base64');
        if (login.length === 0) response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
        else
          response
            .writeHead(403, { 'content-type': 'text/plain' })
            .end(`no, ${login.toString()}\n`);
        return true;
      },
    });
    url = `${gits.url}/private.git`;
    answers = [secretOnce];
    const outcome = await runChildProcess(contentRequest(temp.path, git(fields())));
    assert.equal(outcome.failure?.reason, 'GitAuthenticationFailed');
    assert.match(outcome.failure?.message ?? '', /no, \[redacted\]/);
    assert.ok(gits.requests.some(({ authorized }) => authorized));
    for (const marker of [auth.password, 'se:cret', 't0ken', 'v4lue']) {
      assert.ok(!outcome.everything.includes(marker), marker);
      assert.deepEqual(await filesContaining(temp.path, marker), []);
    }
  });
});
