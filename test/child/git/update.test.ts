import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import type { GitMessage } from '../../../src/api/initializer.ts';
import { parseGitSpec } from '../../../src/child/git/spec.ts';
import { type Update, updateWorkingCopy } from '../../../src/child/git/update.ts';
import { gitEnvironment } from '../../support/git-repository.ts';
import { type GitRepository, type GitServer, startGitServer } from '../../support/git-server.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { runContext } from '../support/fill.ts';
import { LOCAL_BRANCH, REMOTE_BRANCH, REMOTE_COMMIT } from '../support/request.ts';

describe('the update of a working copy', () => {
  let server: GitServer;
  let repository: GitRepository;
  let temp: TempDir;

  beforeEach(async () => {
    server = await startGitServer();
    repository = await server.create('project', {
      commits: [
        { files: { a: '1\n', b: '1\n' } },
        { files: { b: '2\n' } },
        { files: { a: '3\n' }, branch: 'feature', from: 0 },
      ],
    });
    temp = await createTempDir();
  });
  afterEach(async () => {
    await server.stop();
    await temp.remove();
  });

  const inCopy = async (...args: string[]): Promise<string> => {
    const env = { ...gitEnvironment, GIT_ALLOW_PROTOCOL: 'http' };
    return (await execa('git', ['-C', temp.path, ...args], { env })).stdout;
  };
  const clone = async (...options: string[]): Promise<void> => {
    await execa('git', ['clone', '--quiet', ...options, repository.url, temp.path], {
      env: gitEnvironment,
    });
    await inCopy('config', 'remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*');
  };
  const update = async (fields: GitMessage): Promise<Update> =>
    await updateWorkingCopy({
      spec: parseGitSpec({ remoteUri: repository.url, config: {}, ...fields }, 'prebuild.git[0]'),
      credentials: undefined,
      location: temp.path,
      step: 'prebuild.git[0]',
      context: runContext(temp.path),
      signal: new AbortController().signal,
      claim: () => undefined,
    });
  const head = async (): Promise<string> => await inCopy('rev-parse', 'HEAD');
  const branch = (name: string, branchRequired = false): GitMessage => ({
    targetMode: REMOTE_BRANCH,
    cloneTarget: name,
    branchRequired,
  });

  test('that is there already moves nothing and keeps changes and untracked files', async () => {
    await clone('--depth=1');
    await writeFile(temp.join('a'), 'mine\n');
    await writeFile(temp.join('new'), 'new\n');
    assert.deepEqual(await update({}), { headMoved: false, warnings: [] });
    assert.equal(await head(), repository.commits[1]);
    assert.equal(await inCopy('status', '--porcelain'), ' M a\n?? new');
    assert.equal(await inCopy('stash', 'list'), '');
  });

  for (const depth of [['--depth=1'], []]) {
    const kind = depth.length === 0 ? 'full' : 'shallow';
    test(`fetches a branch, and keeps a ${kind} repository ${kind}`, async () => {
      await clone(...depth);
      const { headMoved } = await update(branch('feature'));
      assert.equal(headMoved, true);
      assert.equal(await head(), repository.commits[2]);
      assert.equal(await inCopy('rev-parse', '--abbrev-ref', '@{upstream}'), 'origin/feature');
      assert.equal(
        await inCopy('rev-parse', '--is-shallow-repository'),
        String(kind === 'shallow'),
      );
    });
  }

  test('applies changes to what was checked out', async () => {
    await clone();
    await writeFile(temp.join('b'), 'mine\n');
    await inCopy('reset', '--quiet', '--hard', 'HEAD~1');
    await writeFile(temp.join('b'), '1\nmine\n');
    assert.deepEqual(await update(branch('feature')), { headMoved: true, warnings: [] });
    assert.equal(await readFile(temp.join('a'), 'utf8'), '3\n');
    assert.equal(await readFile(temp.join('b'), 'utf8'), '1\nmine\n');
    assert.equal(await inCopy('stash', 'list'), '');
  });

  test('keeps conflicting changes in the stash, and says so', async () => {
    await clone();
    await writeFile(temp.join('a'), 'mine\n');
    const { headMoved, warnings } = await update(branch('feature'));
    assert.equal(headMoved, true);
    assert.match(warnings[0] ?? '', /^prebuild\.git\[0\]: the changes .* git stash list$/);
    assert.equal(await inCopy('status', '--porcelain'), '');
    assert.equal(await inCopy('show', 'stash@{0}:a'), 'mine');
  });

  test('a stash of before is not taken for one of its own (fault 14)', async () => {
    await clone();
    await writeFile(temp.join('a'), 'older\n');
    await inCopy('-c', 'user.name=a', '-c', 'user.email=a', 'stash');
    assert.deepEqual(await update(branch('feature')), { headMoved: true, warnings: [] });
    assert.equal(await inCopy('status', '--porcelain'), '');
    assert.equal(await inCopy('rev-list', '--count', '--walk-reflogs', 'refs/stash'), '1');
  });

  test('a stash that fails is a warning and no stash (fault 14)', async () => {
    await clone();
    // An unmerged index cannot be stashed.
    const blob = await inCopy('rev-parse', 'HEAD:a');
    const stages = [1, 2, 3].map((stage) => `100644 ${blob} ${stage}\ta`).join('\n');
    await execa('git', ['-C', temp.path, 'update-index', '--index-info'], {
      input: `0 ${'0'.repeat(40)}\ta\n${stages}\n`,
    });
    const { warnings } = await update({});
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /changes could not be set aside: /);
    assert.equal(await inCopy('status', '--porcelain'), '');
  });

  test('of a repository without a commit is none', async () => {
    repository = await server.create('empty', { commits: [] });
    await clone();
    assert.deepEqual(await update({}), { headMoved: false, warnings: [] });
  });

  test('makes a local branch, also where the default one is not known yet', async () => {
    await clone('--depth=1', '--branch=feature');
    const fields = { targetMode: LOCAL_BRANCH, cloneTarget: 'wip' };
    assert.deepEqual(await update(fields), { headMoved: true, warnings: [] });
    assert.equal(await head(), repository.commits[1]);
    assert.equal(await inCopy('branch', '--show-current'), 'wip');
    await assert.rejects(inCopy('rev-parse', '@{upstream}'));
  });

  test('checks out a commit', async () => {
    await clone('--depth=1');
    const hash = String(repository.commits[0]);
    await update({ targetMode: REMOTE_COMMIT, cloneTarget: hash });
    assert.equal(await head(), hash);
    assert.equal(await inCopy('branch', '--show-current'), '');
  });

  test('a branch that is missing is an error, or made from the default one', async () => {
    await clone('--depth=1');
    await assert.rejects(update(branch('none', true)), {
      reason: 'GitRefNotFound',
      message: `${repository.url} has no branch none`,
    });
    const { headMoved, warnings } = await update(branch('none'));
    assert.equal(headMoved, false);
    assert.match(warnings[0] ?? '', /has no branch none; /);
    assert.equal(await inCopy('branch', '--show-current'), 'none');
  });

  test('a server that is away is an error, not a missing branch (fault 15)', async () => {
    await clone('--depth=1');
    await server.stop();
    await assert.rejects(update(branch('none')), { reason: 'GitRemoteUnavailable' });
  });

  test('no hook of the working copy runs', async () => {
    await clone();
    const hook = temp.join('.git/hooks/post-checkout');
    await writeFile(hook, `#!/bin/sh\ntouch ${temp.join('ran')}\n`, { mode: 0o755 });
    await update(branch('feature'));
    await assert.rejects(readFile(temp.join('ran')), { code: 'ENOENT' });
  });
});
