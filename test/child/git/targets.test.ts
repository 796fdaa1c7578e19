import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import { gitEnvironment } from '../../support/git-repository.ts';
import { type GitRepository, type GitServer, startGitServer } from '../../support/git-server.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { fill } from '../support/fill.ts';
import { git, type GitFields, LOCAL_BRANCH, REMOTE_COMMIT } from '../support/request.ts';

describe("git's target modes", () => {
  let server: GitServer;
  let repository: GitRepository;
  let temp: TempDir;
  let destination: string;

  before(async () => {
    server = await startGitServer();
    const older = Array.from({ length: 25 }, (_, n) => ({ files: { 'README.md': `${n}\n` } }));
    repository = await server.create('project', {
      commits: [
        ...older,
        { files: { 'README.md': 'tip\n', 'new.txt': 'new' } },
        { files: { 'README.md': null, 'feature.txt': 'x' }, branch: 'feature', from: 3, tag: 'v1' },
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
  const commit = (cloneTarget: string): GitFields => ({
    remoteUri: repository.url,
    targetMode: REMOTE_COMMIT,
    cloneTarget,
  });
  const localBranch = (cloneTarget: string, remoteUri = repository.url): GitFields => ({
    remoteUri,
    targetMode: LOCAL_BRANCH,
    cloneTarget,
  });

  describe('REMOTE_COMMIT', () => {
    const commits = [
      {
        name: 'an older commit of the default branch',
        index: 22,
        history: 20,
        files: ['README.md'],
      },
      {
        name: 'the tip of the default branch',
        index: 25,
        history: 20,
        files: ['README.md', 'new.txt'],
      },
      { name: 'a commit of another branch', index: 26, history: 5, files: ['feature.txt'] },
    ];
    for (const { name, index, history, files } of commits) {
      test(`checks out ${name}, on no branch, with some history`, async () => {
        const hash = String(repository.commits[index]);
        const { warnings } = await fill(destination, git(commit(hash)));

        assert.deepEqual(warnings, []);
        assert.equal(await inClone('rev-parse', 'HEAD'), hash);
        await assert.rejects(inClone('symbolic-ref', '--quiet', 'HEAD'));
        assert.equal(await inClone('status', '--porcelain'), '?? .gitpod/');
        assert.equal(await inClone('rev-list', '--count', 'HEAD'), String(history));
        assert.deepEqual(
          (await readdir(destination)).filter((file) => !file.startsWith('.')).sort(),
          files,
        );
      });
    }

    test('leaves the default branch, as if it had been left', async () => {
      await fill(destination, git(commit(String(repository.commits[3]))));
      assert.equal(
        await inClone('rev-parse', 'main', 'origin/HEAD'),
        `${repository.commits[25]}\n${repository.commits[25]}`,
      );
      assert.equal(await inClone('rev-parse', '--abbrev-ref', 'main@{upstream}'), 'origin/main');
    });

    test('keeps a full clone full', async () => {
      const hash = String(repository.commits[22]);
      await fill(destination, git({ ...commit(hash), fullClone: true }));
      assert.equal(await inClone('rev-parse', 'HEAD'), hash);
      assert.equal(await inClone('rev-parse', '--is-shallow-repository'), 'false');
      assert.equal(await inClone('rev-list', '--count', 'HEAD'), '23');
    });

    test('goes around what earlier steps left', async () => {
      await mkdir(temp.join('other'));
      await writeFile(temp.join('other/mine'), 'mine');
      await fill(destination, git(commit(String(repository.commits[26]))));
      assert.deepEqual((await readdir(destination)).sort(), [
        '.git',
        '.gitpod',
        'feature.txt',
        'other',
      ]);
    });

    for (const name of ['feature', 'v1', 'refs/heads/feature']) {
      test(`takes another name that the server knows: ${name}`, async () => {
        await fill(destination, git(commit(name)));
        assert.equal(await inClone('rev-parse', 'HEAD'), repository.commits[26]);
        await assert.rejects(inClone('symbolic-ref', '--quiet', 'HEAD'));
      });
    }

    test('of a commit that is not there is an error that leaves nothing', async () => {
      const missing = 'deadbeef'.repeat(5);
      await assert.rejects(fill(destination, git(commit(missing))), {
        reason: 'GitRefNotFound',
        step: 'git',
        message: `${repository.url} has no commit ${missing}`,
      });
      assert.deepEqual(await readdir(destination), []);
    });

    test('of a short ID says that it takes a full one', async () => {
      const short = String(repository.commits[3]).slice(0, 10);
      await assert.rejects(fill(destination, git(commit(short))), {
        reason: 'GitRefNotFound',
        message: new RegExp(`does not know ${short}; a commit is named by its full ID`),
      });
    });

    test('needs no branch that HEAD names', async () => {
      const {
        url,
        path,
        commits: made,
      } = await server.create('dangling', {
        commits: [{ files: { a: 'a' } }],
      });
      await execa('git', ['-C', path, 'symbolic-ref', 'HEAD', 'refs/heads/gone']);
      await fill(destination, git({ ...commit(String(made[0])), remoteUri: url }));
      assert.equal(await inClone('rev-parse', 'HEAD'), made[0]);
    });
  });

  describe('LOCAL_BRANCH', () => {
    for (const name of ['wip/mine', 'feature']) {
      test(`makes ${name} from the default branch, tracking none`, async () => {
        const { warnings } = await fill(destination, git(localBranch(name)));

        assert.deepEqual(warnings, []);
        assert.equal(await inClone('rev-parse', 'HEAD'), repository.commits[25]);
        assert.equal(await inClone('symbolic-ref', 'HEAD'), `refs/heads/${name}`);
        await assert.rejects(inClone('rev-parse', '@{upstream}'), /no upstream configured/);
        assert.equal(await inClone('rev-parse', '--abbrev-ref', 'main@{upstream}'), 'origin/main');
        assert.equal(await inClone('status', '--porcelain'), '?? .gitpod/');
      });
    }

    test('may have the name of the default branch', async () => {
      await fill(destination, git(localBranch('main')));
      assert.equal(await inClone('symbolic-ref', 'HEAD'), 'refs/heads/main');
      assert.equal(await inClone('status', '--porcelain'), '?? .gitpod/');
    });

    test('of an empty repository is unborn', async () => {
      const { url } = await server.create('empty', { commits: [] });
      await fill(destination, git(localBranch('wip', url)));
      assert.equal(await inClone('symbolic-ref', 'HEAD'), 'refs/heads/wip');
    });
  });
});
