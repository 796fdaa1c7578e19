import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import { gitEnvironment } from '../../support/git-repository.ts';
import { type GitServer, startGitServer } from '../../support/git-server.ts';
import { lfsPointer, serveLfs } from '../../support/lfs.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { fill } from '../support/fill.ts';
import { BASIC_AUTH, git } from '../support/request.ts';

const auth = { user: 'alice', password: 'secret' };
const config = { authentication: BASIC_AUTH, authUser: 'alice', authPassword: 'secret' };
const login = `Basic ${Buffer.from('alice:secret').toString('base64')}`;
const large = 'large '.repeat(1000);

const files = {
  'data/.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
  'data/a.bin': lfsPointer(large),
  'data/b.bin': lfsPointer('small'),
  'README.md': 'x\n',
};

describe('files kept in Git LFS', () => {
  let temp: TempDir;
  let server: GitServer;
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => {
    await server.stop();
    await temp.remove();
  });

  const serve = async (
    intercept: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>,
  ): Promise<string> => {
    server = await startGitServer({ auth, intercept });
    return (await server.create('project', { commits: [{ files }] })).url;
  };
  const read = async (path: string): Promise<string> =>
    await readFile(temp.join('clone', path), 'utf8');
  const clone = (remoteUri: string) => git({ remoteUri, config, checkoutLocation: 'clone' });
  const isPrivate = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.headers.authorization === login) return false;
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    return true;
  };

  test('come with a clone, with its credentials', async () => {
    const url = await serve(async (request, response) => {
      if (request.url?.endsWith('/batch') === true && isPrivate(request, response)) return true;
      return await serveLfs(request, response, server.url, [large, 'small']);
    });
    const { warnings } = await fill(temp.path, clone(url));
    assert.deepEqual(warnings, []);
    assert.equal(await read('data/a.bin'), large);
    assert.equal(await read('data/b.bin'), 'small');
    const hooks = await readdir(temp.join('clone/.git/hooks'));
    assert.deepEqual(
      hooks.filter((name) => !name.endsWith('.sample')),
      [],
    );
    // As in a workspace where git lfs install has been run.
    const installed = ['-c', 'filter.lfs.process=git-lfs filter-process'];
    const { stdout } = await execa('git', [...installed, 'status', '--porcelain'], {
      cwd: temp.join('clone'),
      env: gitEnvironment,
    });
    assert.equal(stdout, '');
  });

  test('that the server lost are left as pointers, which is a warning', async () => {
    const url = await serve(
      async (request, response) => await serveLfs(request, response, server.url, ['small']),
    );
    const { warnings } = await fill(temp.path, clone(url));
    assert.match(warnings[0] ?? '', /^git: the files kept in Git LFS are left as pointers: /);
    assert.equal(warnings.length, 1);
    assert.equal(await read('data/a.bin'), files['data/a.bin']);
    assert.equal(await read('README.md'), 'x\n');
  });

  test('of a server that has no LFS are left as pointers, which is a warning', async () => {
    const url = await serve((request, response) => {
      if (request.url?.includes('/info/lfs') !== true) return false;
      response.writeHead(404).end();
      return true;
    });
    const { warnings } = await fill(temp.path, clone(url));
    assert.equal(warnings.length, 1);
    assert.equal(await read('data/b.bin'), files['data/b.bin']);
  });

  test('of a server that hangs are given up', async () => {
    const url = await serve((request) => request.url?.includes('/info/lfs') === true);
    const { warnings } = await fill(temp.path, clone(url), { patience: { gitSilenceMs: 4000 } });
    assert.match(warnings[0] ?? '', /the git server stopped answering$/);
    assert.equal(await read('data/a.bin'), files['data/a.bin']);
  });

  test('are left as pointers without git-lfs, which is a warning', async () => {
    const url = await serve(() => false);
    await mkdir(temp.join('bin'));
    for (const program of ['git', 'sh']) {
      const { stdout } = await execa('sh', ['-c', `command -v ${program}`]);
      await symlink(stdout, temp.join('bin', program));
    }
    const { warnings } = await fill(temp.path, clone(url), { env: { PATH: temp.join('bin') } });
    assert.match(warnings[0] ?? '', /git-lfs is not installed/);
    assert.equal(await read('data/a.bin'), files['data/a.bin']);
  });
});
