import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import type { ContentProgress } from '../../../src/api/protocol.ts';
import { gitEnvironment, manyFiles } from '../../support/git-repository.ts';
import { type GitRepository, type GitServer, startGitServer } from '../../support/git-server.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { fill } from '../support/fill.ts';
import { BASIC_AUTH, git, type GitFields } from '../support/request.ts';

const auth = { user: 'alice', password: 'secret' };

describe("git's second remote", () => {
  let server: GitServer;
  let fork: GitRepository;
  let original: GitRepository;
  let temp: TempDir;

  before(async () => {
    server = await startGitServer({ auth });
    fork = await server.create('fork', { commits: [{ files: { a: '1' } }] });
    original = await server.create('original', {
      commits: [
        { files: { a: '2' } },
        { files: manyFiles(50) },
        { files: { b: '1' }, branch: 'next', from: 0 },
      ],
    });
  });
  after(async () => await server.stop());
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => await temp.remove());

  const inClone = async (...args: string[]): Promise<string> =>
    (await execa('git', ['-C', temp.path, ...args], { env: gitEnvironment })).stdout;
  const withUpstream = (upstreamRemoteUri: string): GitFields => ({
    remoteUri: fork.url,
    upstreamRemoteUri,
    config: { authentication: BASIC_AUTH, authUser: 'alice', authPassword: 'secret' },
  });

  test('is there by the name upstream, with all of its branches and their history', async () => {
    const progress: ContentProgress[] = [];
    await fill(temp.path, git(withUpstream(original.url)), { progress });

    assert.equal(await inClone('remote', 'get-url', 'upstream'), original.url);
    assert.equal(
      await inClone('config', 'remote.upstream.fetch'),
      '+refs/heads/*:refs/remotes/upstream/*',
    );
    assert.equal(
      await inClone('rev-parse', 'upstream/main', 'upstream/main^', 'upstream/next'),
      [1, 0, 2].map((n) => original.commits[n]).join('\n'),
    );
    assert.equal(
      await inClone('rev-parse', 'HEAD', 'origin/main'),
      `${fork.commits[0]}\n`.repeat(2).trim(),
    );
    assert.ok(progress.some(({ phase }) => phase?.startsWith('Upstream: ')));
  });

  test('fails the step when it is not there, and nothing is left', async () => {
    const upstream = `${server.url}/none.git`;
    await assert.rejects(fill(temp.path, git(withUpstream(upstream))), {
      reason: 'GitRepositoryNotFound',
      step: 'git',
      message: new RegExp(`^the upstream ${upstream}: the git server has no such repository`),
    });
    assert.deepEqual(await readdir(temp.path), []);
  });

  test('on another host gets no credentials', async () => {
    const other = await startGitServer({ auth });
    try {
      const { url } = await other.create('private', { commits: [{ files: { a: '1' } }] });
      await assert.rejects(fill(temp.path, git(withUpstream(url))), {
        reason: 'GitAuthenticationFailed',
        message: new RegExp(`^the upstream ${url}: `),
      });
      assert.ok(other.requests.length > 0);
      assert.ok(other.requests.every(({ authorized }) => !authorized));
    } finally {
      await other.stop();
    }
  });
});
