import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type GitServer, startGitServer } from '../../support/git-server.ts';
import { filesContaining, findProcesses } from '../../support/leftovers.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { runChildProcess } from '../support/child-process.ts';
import { fill } from '../support/fill.ts';
import { BASIC_AUTH, contentRequest, git, type GitFields } from '../support/request.ts';

const history = { commits: [{ files: { 'README.md': 'private\n' } }] };

/** What shells, printf, URLs, configuration files and terminals trip over. */
const exotic = `pa%20ss "wörd' \\n$HOME \`id\` %s;#=:@/?&{}[]*~!|<>é✓`;

describe('git credentials', () => {
  let server: GitServer;
  let temp: TempDir;

  before(async () => {
    server = await startGitServer();
  });
  after(async () => await server.stop());
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => await temp.remove());

  const withLogin = (remoteUri: string, authUser: string, authPassword: string): GitFields => ({
    remoteUri,
    config: { authentication: BASIC_AUTH, authUser, authPassword },
  });

  const logins = [
    { name: 'plain', user: 'alice', password: 'secret' },
    { name: 'exotic', user: 'ünï user', password: exotic },
    { name: 'blanks', user: 'a', password: '  leading and trailing  ' },
    { name: 'token', user: 'token-as-user', password: '' },
  ];
  for (const { name, user, password } of logins) {
    test(`a ${name} login works`, async () => {
      const auth = { user, password };
      const { url } = await server.create(`login-${name}`, history, auth);
      await fill(temp.path, git(withLogin(url, user, password)));
      assert.deepEqual((await readdir(temp.path)).sort(), ['.git', '.gitpod', 'README.md']);
    });
  }

  test('without a user it is git', async () => {
    const auth = { user: 'git', password: 'token' };
    const { url } = await server.create('default-user', history, auth);
    await fill(temp.path, git(withLogin(url, '', 'token')));
  });

  test('a password is in no file, command line or answer', async () => {
    const auth = { user: 'alice', password: exotic };
    const seen: string[] = [];
    const watched = await startGitServer({
      auth,
      intercept: async () => {
        for (const { commandLine } of await findProcesses(temp.path)) seen.push(commandLine);
        return false;
      },
    });
    try {
      const { url } = await watched.create('watched', history);
      const request = contentRequest(temp.path, git(withLogin(url, auth.user, auth.password)));
      const outcome = await runChildProcess(request);
      assert.equal(outcome.exitCode, 0);
      assert.ok(seen.some((commandLine) => commandLine.includes('git clone')));
      for (const marker of [exotic, 'wörd', Buffer.from(`alice:${exotic}`).toString('base64')]) {
        assert.deepEqual(await filesContaining(temp.path, marker), []);
        assert.ok(!seen.join('\n').includes(marker));
        assert.ok(!outcome.everything.includes(marker));
      }
    } finally {
      await watched.stop();
    }
  });

  const refusals = [
    { name: 'a wrong password', fields: (url: string) => withLogin(url, 'alice', 'wröng pass') },
    { name: 'no login', fields: (url: string) => ({ remoteUri: url }) },
  ];
  for (const { name, fields } of refusals) {
    test(`${name} ends at once, without a prompt and without another try`, async () => {
      const auth = { user: 'alice', password: 'secret' };
      const { url } = await server.create(`refuses-${name.replaceAll(' ', '-')}`, history, auth);
      const already = server.requests.length;
      await assert.rejects(fill(temp.path, git(fields(url))), (error: Error) => {
        assert.equal((error as { reason?: string }).reason, 'GitAuthenticationFailed');
        assert.ok(error.message.startsWith(`${url}: the git server `));
        assert.ok(!error.message.includes('wröng'));
        return true;
      });
      assert.ok(server.requests.length - already <= 3);
      assert.deepEqual(await readdir(temp.path), []);
    });
  }

  test('another host that a redirect leads to gets no credentials', async () => {
    const auth = { user: 'alice', password: 'secret' };
    const other = await startGitServer({ auth });
    const { url: otherUrl } = await other.create('private', history);
    const redirecting = await startGitServer({
      auth,
      intercept: (request, response) => {
        if (request.headers.authorization === undefined) return false;
        const query = (request.url ?? '').replace(/^[^?]*/, '');
        response.writeHead(302, { location: `${otherUrl}/info/refs${query}` }).end();
        return true;
      },
    });
    try {
      const { url } = await redirecting.create('moved', history);
      await assert.rejects(fill(temp.path, git(withLogin(url, 'alice', 'secret'))), {
        reason: 'GitAuthenticationFailed',
      });
      assert.ok(redirecting.requests.some(({ authorized }) => authorized));
      assert.ok(other.requests.length > 0);
      assert.ok(other.requests.every(({ authorized }) => !authorized));
    } finally {
      await Promise.all([other.stop(), redirecting.stop()]);
    }
  });
});
