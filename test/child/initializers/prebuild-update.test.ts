import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import type { InitializerMessage } from '../../../src/api/initializer.ts';
import type { ContentReport } from '../../../src/api/protocol.ts';
import { gitEnvironment } from '../../support/git-repository.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { builtBytes, type Prebuilds, startPrebuilds } from '../support/prebuilds.ts';
import { type GitFields, LOCAL_BRANCH, REMOTE_BRANCH, REMOTE_COMMIT } from '../support/request.ts';

describe('the checkout of a prebuild', () => {
  let prebuilds: Prebuilds;
  let archive: Buffer;
  let commits: readonly string[];
  let temp: TempDir;
  let destination: string;
  before(async () => {
    prebuilds = await startPrebuilds();
    ({ commits } = prebuilds);
    archive = await prebuilds.pack();
  });
  after(async () => await prebuilds[Symbol.asyncDispose]());
  beforeEach(async () => {
    temp = await createTempDir();
    destination = temp.join('content');
    await mkdir(destination);
  });
  afterEach(async () => await temp.remove());

  const prebuild = (git?: GitFields): InitializerMessage => prebuilds.prebuild(git);
  const run = async (
    initializer: InitializerMessage,
    content: Uint8Array = archive,
  ): Promise<ContentReport> => await prebuilds.run(destination, initializer, content);
  const read = async (path: string): Promise<string> =>
    await readFile(`${destination}/${path}`, 'utf8');
  const inContent = async (...args: string[]): Promise<string> => {
    const safe = ['-c', `safe.directory=${destination}`, '-C', destination];
    return (await execa('git', [...safe, ...args], { env: gitEnvironment })).stdout;
  };
  const branch = { targetMode: REMOTE_BRANCH, cloneTarget: 'feature', branchRequired: true };

  test('of another branch than the one that is asked for is brought there, and counts as none', async () => {
    const report = await run(prebuild(branch));
    assert.deepEqual([report.source, report.warnings], ['from-other', []]);
    assert.deepEqual([await read('README.md'), await read('new')], ['two', 'feature']);
    assert.equal((await read('built/output')).length, builtBytes);
    assert.equal(await inContent('rev-parse', '--abbrev-ref', 'HEAD@{upstream}'), 'origin/feature');
  });

  test('of a commit that is asked for counts as one, whatever HEAD is called', async () => {
    const report = await run(
      prebuild({ targetMode: REMOTE_COMMIT, cloneTarget: commits[1] ?? '' }),
    );
    assert.equal(report.source, 'from-prebuild');
    const older = await run(prebuild({ targetMode: REMOTE_COMMIT, cloneTarget: commits[0] ?? '' }));
    assert.deepEqual([older.source, await read('README.md')], ['from-other', 'one']);
  });

  test('gets a new local branch where one is asked for', async () => {
    const report = await run(prebuild({ targetMode: LOCAL_BRANCH, cloneTarget: 'mine' }));
    assert.equal(report.source, 'from-prebuild');
    assert.equal(await inContent('symbolic-ref', 'HEAD'), 'refs/heads/mine');
  });

  test('whose branch is gone is a failure where it is required, and else a warning', async () => {
    const gone = { ...branch, cloneTarget: 'gone' };
    await assert.rejects(run(prebuild(gone)), {
      reason: 'GitRefNotFound',
      step: 'prebuild.git[0]',
    });
    const { warnings } = await run(prebuild({ ...gone, branchRequired: false }));
    assert.match(warnings.join(), /has no branch gone; a local branch of that name was made/);
  });

  test('keeps the changes of tracked files', async () => {
    const content = await prebuilds.pack('echo built >> README.md');
    assert.deepEqual((await run(prebuild(branch), content)).warnings, []);
    assert.equal(await read('README.md'), 'twobuilt\n');
    assert.equal(await inContent('stash', 'list'), '');
  });

  test('keeps changes that conflict in the stash', async () => {
    const content = await prebuilds.pack('echo built > new; git add new');
    const { warnings } = await run(prebuild(branch), content);
    assert.match(warnings.join(), /conflict with what was checked out/);
    assert.equal(await read('new'), 'feature');
    assert.match(await inContent('stash', 'list'), /^stash@\{0\}: /);
  });

  test('leaves a stash alone that was there before', async () => {
    const content = await prebuilds.pack(
      'echo old >> README.md; git -c user.name=a -c user.email=a@b stash --quiet',
    );
    await run(prebuild(branch), content);
    assert.equal(await read('README.md'), 'two');
    assert.match(await inContent('stash', 'list'), /^stash@\{0\}: /);
  });
});
