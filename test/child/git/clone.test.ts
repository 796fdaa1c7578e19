import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import { ContentError } from '../../../src/api/errors.ts';
import { gitEnvironment } from '../../support/git-repository.ts';
import { type GitRepository, type GitServer, startGitServer } from '../../support/git-server.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { fill } from '../support/fill.ts';
import { git, REMOTE_BRANCH } from '../support/request.ts';

describe('git clone', () => {
  let server: GitServer;
  let repository: GitRepository;
  let temp: TempDir;
  let destination: string;

  before(async () => {
    server = await startGitServer();
    repository = await server.create('project', {
      defaultBranch: 'trunk',
      commits: [
        { files: { 'README.md': 'one\n', 'bin/run': { run: '#!/bin/sh\n' } }, tag: 'v1' },
        { files: { 'README.md': 'two\n', link: { symlink: 'README.md' } }, tag: 'v2' },
        { files: { 'feature.txt': 'x' }, branch: 'feature/one', from: 0 },
      ],
    });
  });
  after(async () => await server.stop());

  beforeEach(async () => {
    temp = await createTempDir();
    destination = temp.path;
  });
  afterEach(async () => await temp.remove());

  const inClone = async (...args: string[]): Promise<string> =>
    (await execa('git', ['-C', destination, ...args], { env: gitEnvironment })).stdout;

  const kinds = [
    { name: 'a shallow clone', fullClone: false, options: ['--depth=1'] },
    { name: 'a full clone', fullClone: true, options: [] },
  ];
  for (const { name, fullClone, options } of kinds) {
    test(`${name} is like one by git clone and git config`, async () => {
      const { url } = repository;
      await fill(destination, git({ remoteUri: url, fullClone, checkoutLocation: 'ours' }));
      const plain = temp.join('plain');
      const env = gitEnvironment;
      await execa('git', ['clone', '--quiet', ...options, url, plain], { env });
      await execa('git', ['-C', plain, 'config', 'fetch.writeCommitGraph', 'true'], { env });
      await execa(
        'git',
        ['-C', plain, 'config', 'remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*'],
        { env },
      );
      await execa('git', ['-C', plain, 'config', 'checkout.defaultRemote', 'origin'], { env });

      const questions = [
        ['config', '--local', '--list'],
        ['for-each-ref', '--format=%(refname) %(objectname) %(symref) %(upstream)'],
        ['symbolic-ref', 'HEAD'],
        ['status', '--porcelain=v2', '--branch'],
        ['log', '--format=%H', '--all'],
        ['rev-parse', '--is-shallow-repository'],
        ['ls-files', '--stage'],
      ];
      for (const question of questions) {
        const [mine, theirs] = await Promise.all(
          ['ours', 'plain'].map(
            async (folder) =>
              (await execa('git', ['-C', temp.join(folder), ...question], { env })).stdout,
          ),
        );
        assert.deepEqual(mine?.split('\n').sort(), theirs?.split('\n').sort(), question.join(' '));
      }
      const names = async (folder: string): Promise<string[]> =>
        (await readdir(temp.join(folder, '.git'), { recursive: true }))
          .filter((file) => !/^objects|^logs/.test(file))
          .sort();
      assert.deepEqual(await names('ours'), await names('plain'));
    });
  }

  test('checks out the default branch, links and modes included', async () => {
    const report = await fill(destination, git({ remoteUri: repository.url }));

    assert.equal(await readFile(temp.join('link'), 'utf8'), 'two\n');
    assert.equal(await inClone('rev-parse', 'HEAD'), repository.commits[1]);
    assert.equal(await inClone('status', '--porcelain'), '?? .gitpod/');
    assert.deepEqual(
      report.metrics.map(({ path, type }) => ({ path, type })),
      [{ path: 'git', type: 'git' }],
    );
    assert.deepEqual(report.warnings, []);
  });

  test('checks out a named branch that tracks its remote one', async () => {
    const target = { targetMode: REMOTE_BRANCH, cloneTarget: 'feature/one' };
    await fill(destination, git({ remoteUri: repository.url, ...target, branchRequired: true }));

    assert.equal(
      await inClone('rev-parse', 'HEAD', '@{upstream}'),
      [2, 2].map((n) => repository.commits[n]).join('\n'),
    );
    assert.equal(await inClone('branch', '--show-current'), 'feature/one');
    assert.equal(await inClone('rev-parse', '--is-shallow-repository'), 'true');
  });

  for (const cloneTarget of ['nope', 'v2']) {
    const target = { targetMode: REMOTE_BRANCH, cloneTarget };

    test(`a branch that is required and missing is an error: ${cloneTarget}`, async () => {
      await assert.rejects(
        fill(destination, git({ remoteUri: repository.url, ...target, branchRequired: true })),
        (error) => {
          assert.ok(error instanceof ContentError);
          assert.equal(error.reason, 'GitRefNotFound');
          assert.equal(error.message, `${repository.url} has no branch ${cloneTarget}`);
          assert.equal(error.step, 'git');
          return true;
        },
      );
      assert.deepEqual(await readdir(destination), []);
    });

    test(`a branch that is missing otherwise is made from the default one: ${cloneTarget}`, async () => {
      const { warnings } = await fill(destination, git({ remoteUri: repository.url, ...target }));

      assert.equal(await inClone('rev-parse', 'HEAD'), repository.commits[1]);
      assert.equal(await inClone('symbolic-ref', 'HEAD'), `refs/heads/${cloneTarget}`);
      assert.equal(await inClone('status', '--porcelain'), '?? .gitpod/');
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', new RegExp(`^git: .* has no branch ${cloneTarget}; `));
    });
  }

  test('an empty repository leaves its default branch unborn', async () => {
    const { url } = await server.create('empty', { defaultBranch: 'dev', commits: [] });
    const { metrics } = await fill(destination, git({ remoteUri: url }));

    assert.equal(await inClone('symbolic-ref', 'HEAD'), 'refs/heads/dev');
    assert.equal(
      await inClone('config', 'remote.origin.fetch'),
      '+refs/heads/*:refs/remotes/origin/*',
    );
    assert.equal(metrics.length, 1);
  });

  test('a branch of an empty repository is unborn under the name that was asked for', async () => {
    const { url } = await server.create('empty-branch', { commits: [] });
    const target = { targetMode: REMOTE_BRANCH, cloneTarget: 'wanted' };
    await fill(destination, git({ remoteUri: url, ...target }));
    assert.equal(await inClone('symbolic-ref', 'HEAD'), 'refs/heads/wanted');
  });

  test('a HEAD without a branch is checked out as a commit', async () => {
    const { url, path, commits } = await server.create('detached', {
      commits: [{ files: { a: '1' } }, { files: { a: '2' } }],
    });
    const hash = String(commits[0]);
    await execa('git', ['-C', path, 'update-ref', '--no-deref', 'HEAD', hash]);
    await fill(destination, git({ remoteUri: url }));
    assert.equal(await inClone('rev-parse', 'HEAD'), hash);
  });

  test('a SHA-256 repository is cloned as one', async () => {
    const { url, path } = await server.create('sha256', { commits: [] });
    await execa('git', ['init', '--quiet', '--bare', '--object-format=sha256', `${path}.new`]);
    await execa('sh', ['-c', 'rm -rf "$0" && mv "$0.new" "$0"', path]);
    const tree = (await execa('git', ['-C', path, 'mktree'], { input: '' })).stdout;
    const env = {
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a',
    };
    const commit = await execa('git', ['-C', path, 'commit-tree', tree, '-m', 'x'], { env });
    await execa('git', ['-C', path, 'update-ref', 'HEAD', commit.stdout]);
    await fill(destination, git({ remoteUri: url }));
    assert.equal(await inClone('rev-parse', 'HEAD'), commit.stdout);
  });

  test('custom configuration holds for the checkout and stays; the own settings win', async () => {
    const customConfig = {
      ' core.autocrlf ': ' true ',
      'http.https://example.com/.extraHeader': 'X: "quoted" \\ #;',
      'Fetch.WriteCommitGraph': 'false',
      'remote.origin.fetch': '+refs/pull/*:refs/pull/*',
    };
    await fill(destination, git({ remoteUri: repository.url, config: { customConfig } }));

    assert.equal(await readFile(temp.join('README.md'), 'utf8'), 'two\r\n');
    const config = (await inClone('config', '--local', '--list')).split('\n');
    assert.ok(config.includes('core.autocrlf=true'));
    assert.ok(config.includes('http.https://example.com/.extraheader=X: "quoted" \\ #;'));
    assert.deepEqual(
      config.filter((line) => /fetch/i.test(line)),
      ['remote.origin.fetch=+refs/heads/*:refs/remotes/origin/*', 'fetch.writecommitgraph=true'],
    );
  });

  test('a repository or a configuration cannot make hooks run', async () => {
    const hooks = temp.join('hooks');
    await execa('sh', [
      '-c',
      `mkdir ${hooks}; for h in post-checkout reference-transaction post-index-change; do printf '#!/bin/sh\\ntouch ${hooks}/ran' > ${hooks}/$h; chmod +x ${hooks}/$h; done`,
    ]);
    const config = {
      customConfig: { 'core.hooksPath': hooks, 'core.fsmonitor': `touch ${hooks}/ran` },
    };
    await fill(destination, git({ remoteUri: repository.url, checkoutLocation: 'clone', config }));
    assert.ok(!(await readdir(hooks)).includes('ran'));
  });

  test('a location that is a working copy already is left alone and not measured', async () => {
    await execa('git', ['init', '--quiet', destination], { env: gitEnvironment });
    const { metrics } = await fill(destination, git({ remoteUri: 'http://127.0.0.1:1/none.git' }));
    assert.deepEqual(metrics, []);
    assert.deepEqual((await readdir(destination)).sort(), ['.git', '.gitpod']);
  });

  test('its metric is what it added', async () => {
    const { url } = await server.create('sized', {
      commits: [
        { files: { a: 'x'.repeat(1000), 'b/c': 'y'.repeat(234), link: { symlink: 'aa' } } },
      ],
    });
    const { metrics } = await fill(destination, git({ remoteUri: url, checkoutLocation: 'clone' }));
    const du = await execa('sh', [
      '-c',
      `find ${temp.join('clone')} ! -type d -printf '%s\\n' | awk '{s+=$1} END {print s}'`,
    ]);
    assert.equal(metrics[0]?.size, Number(du.stdout));
    assert.ok(Number.isSafeInteger(metrics[0]?.duration) && (metrics[0]?.duration ?? 0) > 1e6);
  });
});
