import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import { gitEnvironment, manyFiles } from './git-repository.ts';
import { type GitServer, startGitServer } from './git-server.ts';
import { createTempDir, type TempDir } from './temp.ts';

describe('git server', () => {
  let server: GitServer;
  let temp: TempDir;

  beforeEach(async () => {
    server = await startGitServer();
    temp = await createTempDir();
  });
  afterEach(async () => {
    await server.stop();
    await temp.remove();
  });

  const git = async (...args: string[]): Promise<string> =>
    (await execa('git', args, { env: gitEnvironment })).stdout;

  test('serves a history of branches, tags, links and programs', async () => {
    const { url, commits } = await server.create('project', {
      commits: [
        { files: { 'README.md': 'one\n', 'bin/run': { run: '#!/bin/sh\n' } }, tag: 'v1' },
        { files: { 'README.md': 'two\n', link: { symlink: 'README.md' } } },
        { files: { 'other.txt': 'x' }, branch: 'feature', from: 0, message: 'On a branch' },
      ],
    });
    await git('clone', '--quiet', url, temp.join('clone'));

    assert.equal(await readFile(temp.join('clone/link'), 'utf8'), 'two\n');
    assert.equal(await git('-C', temp.join('clone'), 'rev-parse', 'HEAD'), commits[1]);
    assert.equal(await git('-C', temp.join('clone'), 'rev-parse', 'v1^{commit}'), commits[0]);
    assert.equal(
      await git('-C', temp.join('clone'), 'rev-parse', 'origin/feature', 'origin/feature^'),
      `${commits[2]}\n${commits[0]}`,
    );
  });

  test('a shallow clone of many files goes through whole', async () => {
    const { url } = await server.create('large', { commits: [{ files: manyFiles(3000) }] });
    await git('clone', '--quiet', '--depth=1', url, temp.join('clone'));
    const entries = await readdir(temp.join('clone/src'), { recursive: true, withFileTypes: true });
    assert.equal(entries.filter((entry) => entry.isFile()).length, 3000);
  });

  test('a fetch with a large, gzipped request body goes through', async () => {
    const commits = Array.from({ length: 400 }, (_, n) => ({ files: { 'n.txt': `${n}` } }));
    const { url } = await server.create('many', { commits });
    const local = await server.create('local', {
      commits: commits.map(({ files }) => ({ files, message: 'elsewhere' })),
    });
    // The negotiation lists the local commits, which is where git starts to compress its requests.
    await git('-C', local.path, 'fetch', '--quiet', url, 'main:theirs');
    assert.equal(await git('-C', local.path, 'rev-list', '--count', 'theirs'), '400');
  });

  test('asks for the password of a repository and takes no other', async () => {
    const auth = { user: 'me@example.com', password: 'ü%20 "quoted"' };
    const { url } = await server.create('private', { commits: [{ files: { a: '1' } }] }, auth);
    const withPassword = (password: string): string => {
      const target = new URL(url);
      target.username = encodeURIComponent(auth.user);
      target.password = encodeURIComponent(password);
      return target.href;
    };

    await assert.rejects(git('clone', '--quiet', url, temp.join('a')), /could not read Username/);
    await assert.rejects(
      git('clone', '--quiet', withPassword('wrong'), temp.join('b')),
      /Authentication failed/,
    );
    await git('clone', '--quiet', withPassword(auth.password), temp.join('c'));

    assert.equal(await readFile(temp.join('c/a'), 'utf8'), '1');
    assert.ok(server.requests.some(({ authorized }) => authorized));
    assert.ok(server.requests[0]?.path.startsWith('/private.git/info/refs'));
  });

  test('a repository that does not exist is not found', async () => {
    await assert.rejects(
      git('clone', '--quiet', `${server.url}/none.git`, temp.join('x')),
      /not found/,
    );
  });

  test('mirrors a repository on disk', async () => {
    const source = await server.create('source', { commits: [{ files: { a: '1' } }] });
    const mirrored = await server.mirror('copy', source.path);
    const refs = await git('ls-remote', '--heads', mirrored.url);
    assert.equal(refs, `${source.commits[0]}\trefs/heads/main`);
  });
});
