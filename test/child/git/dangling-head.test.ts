import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import { gitEnvironment } from '../../support/git-repository.ts';
import { type GitServer, startGitServer } from '../../support/git-server.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { fill } from '../support/fill.ts';
import { git, REMOTE_BRANCH } from '../support/request.ts';

describe('a repository whose HEAD names a branch that it does not have', () => {
  let server: GitServer;
  let url: string;
  let temp: TempDir;
  let destination: string;
  before(async () => {
    server = await startGitServer();
    const made = await server.create('dangling', { commits: [{ files: { a: 'a' } }] });
    await execa('git', ['-C', made.path, 'symbolic-ref', 'HEAD', 'refs/heads/gone']);
    url = made.url;
  });
  after(async () => await server.stop());
  beforeEach(async () => {
    temp = await createTempDir();
    destination = temp.path;
  });
  afterEach(async () => await temp.remove());

  for (const fullClone of [false, true]) {
    test(`is an error, not an empty clone${fullClone ? ', in full' : ''}`, async () => {
      await assert.rejects(fill(destination, git({ remoteUri: url, fullClone })), {
        reason: 'GitRefNotFound',
        message: `${url} has branches, but its HEAD names none of them; name the branch to use`,
      });
      assert.deepEqual(await readdir(destination), []);
    });

    test(`is cloned where a branch is named${fullClone ? ', in full' : ''}`, async () => {
      const target = { targetMode: REMOTE_BRANCH, cloneTarget: 'main', fullClone };
      await fill(destination, git({ remoteUri: url, ...target, branchRequired: true }));
      const ask = ['-C', destination, 'rev-parse', '--abbrev-ref', 'HEAD', '@{upstream}'];
      const { stdout } = await execa('git', ask, { env: gitEnvironment });
      assert.equal(stdout, 'main\norigin/main');
    });
  }
});
