import assert from 'node:assert/strict';
import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { fill } from './support/fill.ts';
import { git } from './support/request.ts';

describe('.gitpod in the content', () => {
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

  const requireReady = async (): Promise<void> => {
    assert.ok((await lstat(temp.join('.gitpod'))).isDirectory());
    assert.ok((await lstat(temp.join('.gitpod/ready'))).isFile());
  };

  test('that is a directory stays, with what is in it', async () => {
    await mkdir(temp.join('.gitpod'));
    await writeFile(temp.join('.gitpod/other'), 'x');
    await fill(temp.path, { empty: {} });
    await requireReady();
    assert.deepEqual((await readdir(temp.join('.gitpod'))).sort(), ['other', 'ready']);
  });

  test('that is a file becomes .gitpod.yaml', async () => {
    await writeFile(temp.join('.gitpod'), 'tasks: []');
    await fill(temp.path, { empty: {} });
    await requireReady();
    assert.equal(await readFile(temp.join('.gitpod.yaml'), 'utf8'), 'tasks: []');
  });

  test('that is a file goes away when there is a .gitpod.yaml', async () => {
    await writeFile(temp.join('.gitpod'), 'old');
    await symlink('nowhere', temp.join('.gitpod.yaml'));
    await fill(temp.path, { empty: {} });
    await requireReady();
    assert.equal(await readlink(temp.join('.gitpod.yaml')), 'nowhere');
  });

  for (const target of ['.gitpod', 'outside', '/nonexistent/x']) {
    test(`that is a link to ${target} is moved itself and never written through`, async () => {
      await mkdir(temp.join('outside'));
      await symlink(target, temp.join('.gitpod'));
      await fill(temp.path, { empty: {} });
      await requireReady();
      assert.equal(await readlink(temp.join('.gitpod.yaml')), target);
      assert.deepEqual(await readdir(temp.join('outside')), []);
    });
  }

  test('that git tracks is moved by git', async () => {
    const { url } = await server.create('tracked', {
      commits: [{ files: { '.gitpod': 'tasks: []' } }],
    });
    await fill(temp.path, git({ remoteUri: url }));
    await requireReady();
    const { stdout } = await execa('git', ['-C', temp.path, 'status', '--porcelain']);
    assert.equal(stdout, 'R  .gitpod -> .gitpod.yaml\n?? .gitpod/');
  });

  test('that git does not track is moved all the same', async () => {
    await execa('git', ['init', '--quiet', temp.path]);
    await writeFile(temp.join('.gitpod'), 'tasks: []');
    await fill(temp.path, { empty: {} });
    await requireReady();
    assert.equal(await readFile(temp.join('.gitpod.yaml'), 'utf8'), 'tasks: []');
  });
});
