import assert from 'node:assert/strict';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import { deliberateFailureExitCode } from '../../src/api/protocol.ts';
import { manyFiles } from '../support/git-repository.ts';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { findProcesses } from '../support/leftovers.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { waitFor } from '../support/wait.ts';
import { runChildProcess } from './support/child-process.ts';
import { BASIC_AUTH, composite, contentRequest, git } from './support/request.ts';
import { unprivileged } from './support/unprivileged.ts';

describe('the program in the sandbox', () => {
  let temp: TempDir;
  let server: GitServer;
  beforeEach(async () => {
    temp = await createTempDir();
    server = await startGitServer();
    if (unprivileged.uid !== undefined) {
      await execa('chown', [`${unprivileged.uid}:${unprivileged.uid}`, temp.path]);
    }
  });
  afterEach(async () => {
    await server.stop();
    await temp.remove();
  });

  test('answers an empty initializer with an empty report', async () => {
    const outcome = await runChildProcess(contentRequest(temp.path, { empty: {} }), unprivileged);
    assert.equal(outcome.exitCode, 0);
    assert.deepEqual(outcome.report, { source: 'from-other', metrics: [], warnings: [] });
    assert.equal(outcome.failure, undefined);
  });

  test('clones as the user of the content, who owns all of it, and tells how far it is', async () => {
    const { url } = await server.create('project', { commits: [{ files: manyFiles(300) }] });
    const request = contentRequest(temp.path, git({ remoteUri: url, checkoutLocation: 'src' }));
    const outcome = await runChildProcess(request, unprivileged);

    assert.equal(outcome.exitCode, 0, outcome.everything);
    assert.equal(outcome.report?.metrics[0]?.type, 'git');
    assert.deepEqual(outcome.progress[0]?.step, 'git');
    const owner = (await stat(temp.path)).uid;
    const strangers = await execa('find', [temp.path, '!', '-uid', String(owner)]);
    assert.equal(strangers.stdout, '');
    assert.equal((await stat(temp.join('src'))).mode & 0o777, 0o755);
  });

  test('answers a failure with its reason, message and step', async () => {
    const remoteUri = `${server.url}/none.git?private=token`;
    const outcome = await runChildProcess(
      contentRequest(temp.path, composite({ empty: {} }, git({ remoteUri }))),
    );
    assert.equal(outcome.exitCode, deliberateFailureExitCode);
    assert.equal(outcome.report, undefined);
    assert.equal(outcome.failure?.reason, 'GitRepositoryNotFound');
    assert.equal(outcome.failure?.step, 'composite[1].git');
    assert.match(
      outcome.failure?.message ?? '',
      /none\.git: the git server has no such repository; git said: /,
    );
    assert.ok(!outcome.everything.includes('token'));
  });

  const garbage = [
    { name: 'no request', text: '', reason: 'InternalError' },
    { name: 'garbage', text: '{"initializer": "hunter2', reason: 'InternalError' },
    {
      name: 'garbage for an initializer',
      text: JSON.stringify(contentRequest('/nowhere', {}, { initializer: '////' })),
      reason: 'InvalidSpec',
    },
    {
      name: 'an initializer of nothing',
      text: JSON.stringify(contentRequest('/nowhere', {})),
      reason: 'InvalidSpec',
    },
    {
      name: 'a destination that is not there',
      text: JSON.stringify(contentRequest('/nowhere', { empty: {} })),
      reason: 'DestinationFailed',
    },
  ];
  for (const { name, text, reason } of garbage) {
    test(`answers ${name} with ${reason}`, async () => {
      const outcome = await runChildProcess(text);
      assert.equal(outcome.exitCode, deliberateFailureExitCode);
      assert.equal(outcome.failure?.reason, reason);
      assert.ok(!outcome.everything.includes('hunter2'));
    });
  }

  test('refuses what is nested too deep or has too many steps', async () => {
    let nested = composite({ empty: {} });
    for (let depth = 0; depth < 20; depth += 1) nested = composite(nested);
    const wide = composite(...Array.from({ length: 300 }, () => ({ empty: {} })));
    for (const initializer of [nested, wide]) {
      const { failure } = await runChildProcess(contentRequest(temp.path, initializer));
      assert.equal(failure?.reason, 'InvalidSpec');
    }
    assert.deepEqual(await readdir(temp.path), []);
  });

  test('a directory that may not be written is said to be one', async () => {
    if (unprivileged.uid !== undefined) await execa('chown', ['0:0', temp.path]);
    await execa('chmod', ['555', temp.path]);
    const outcome = await runChildProcess(contentRequest(temp.path, { empty: {} }), unprivileged);
    assert.equal(outcome.failure?.reason, 'DestinationFailed');
    const message = outcome.failure?.message ?? '';
    assert.match(message, /^E(ACCES|PERM): /);
    assert.ok(message.includes(temp.path), message);
  });

  test('SIGTERM ends it, with all that it started and made', async () => {
    await server.stop();
    server = await startGitServer({ intercept: () => true });
    const login = { authentication: BASIC_AUTH, authUser: 'alice', authPassword: 'hunter2' };
    const remoteUri = `${server.url}/hangs.git`;
    await mkdir(temp.join('earlier'));
    const outcome = await runChildProcess(
      contentRequest(temp.path, git({ remoteUri, config: login, checkoutLocation: 'a/b' })),
      {
        started: (child) => {
          void waitFor('git', () => server.requests.length === 1).finally(() =>
            child.kill('SIGTERM'),
          );
        },
      },
    );
    assert.equal(outcome.exitCode, deliberateFailureExitCode);
    assert.deepEqual(outcome.failure, { reason: 'Interrupted', message: 'the run was stopped' });
    assert.deepEqual(await findProcesses(remoteUri), []);
    assert.deepEqual(await readdir(temp.path), ['earlier']);
  });
});
