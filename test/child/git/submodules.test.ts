import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import type { ContentProgress } from '../../../src/api/protocol.ts';
import { gitEnvironment } from '../../support/git-repository.ts';
import { type GitRepository, type GitServer, startGitServer } from '../../support/git-server.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { fill } from '../support/fill.ts';
import { BASIC_AUTH, git } from '../support/request.ts';

const auth = { user: 'alice', password: 'secret' };
const login = { authentication: BASIC_AUTH, authUser: 'alice', authPassword: 'secret' };

describe('git submodules', () => {
  let server: GitServer;
  let inner: GitRepository;
  let temp: TempDir;

  before(async () => {
    server = await startGitServer({ auth });
    inner = await server.create('inner', {
      commits: [{ files: { 'inner.txt': 'old' } }, { files: { 'inner.txt': 'new' } }],
    });
  });
  after(async () => await server.stop());
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => await temp.remove());

  /** A repository with a submodule, at a commit that is not the tip of a branch by default. */
  const outer = async (
    name: string,
    submoduleUrl: string,
    pinned = inner.commits[0],
  ): Promise<string> => {
    const module = `[submodule "sub"]\n\tpath = sub\n\turl = ${submoduleUrl}\n`;
    const { url, path } = await server.create(name, {
      commits: [{ files: { '.gitmodules': module } }],
    });
    const run = async (args: string[], input?: string): Promise<string> => {
      const identity = {
        GIT_AUTHOR_NAME: 'a',
        GIT_AUTHOR_EMAIL: 'a',
        GIT_COMMITTER_NAME: 'a',
        GIT_COMMITTER_EMAIL: 'a',
      };
      const env = { ...gitEnvironment, ...identity };
      return (
        await execa('git', ['-C', path, ...args], {
          env,
          ...(input === undefined ? {} : { input }),
        })
      ).stdout;
    };
    const tree = `${await run(['ls-tree', 'HEAD'])}\n160000 commit ${pinned}\tsub\n`;
    const commit = await run(['commit-tree', await run(['mktree', '--missing'], tree), '-m', 'x']);
    await run(['update-ref', 'HEAD', commit]);
    return url;
  };

  for (const fullClone of [false, true]) {
    test(`come with a ${fullClone ? 'full' : 'shallow'} clone, with its credentials`, async () => {
      const url = await outer(`outer-${fullClone}`, '../inner.git');
      const report = await fill(temp.path, git({ remoteUri: url, fullClone, config: login }));
      assert.deepEqual(report.warnings, []);
      assert.equal(await readFile(temp.join('sub/inner.txt'), 'utf8'), 'old');
    });
  }

  test('that cannot be had are a warning', async () => {
    const url = await outer('outer-missing', '../none.git');
    const { warnings } = await fill(temp.path, git({ remoteUri: url, config: login }));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /^git: the submodules could not be updated: .*none\.git/s);
    assert.deepEqual(await readdir(temp.join('sub')), []);
  });

  test('of another host get no credentials', async () => {
    const other = await startGitServer({ auth });
    try {
      const { url: otherUrl } = await other.create('inner', { commits: [{ files: { a: 'a' } }] });
      const url = await outer('outer-other', otherUrl);
      const { warnings } = await fill(temp.path, git({ remoteUri: url, config: login }));
      assert.equal(warnings.length, 1);
      assert.ok(other.requests.length > 0);
      assert.ok(other.requests.every(({ authorized }) => !authorized));
    } finally {
      await other.stop();
    }
  });

  test('of submodules come too', async () => {
    const middle = await outer('middle', '../inner.git');
    const { stdout } = await execa('git', ['-C', `${server.root}/middle.git`, 'rev-parse', 'HEAD']);
    const url = await outer('outer-nested', middle, stdout);
    const progress: ContentProgress[] = [];
    const { warnings } = await fill(temp.path, git({ remoteUri: url, config: login }), {
      progress,
    });
    assert.deepEqual(warnings, []);
    assert.equal(await readFile(temp.join('sub/sub/inner.txt'), 'utf8'), 'old');
    assert.ok(progress.some(({ phase }) => phase?.startsWith('Submodules: ')));
  });

  const forbidden = [
    { transport: 'file', url: () => `file://${inner.path}` },
    { transport: 'file', url: () => inner.path },
    { transport: 'ext', url: () => `ext::touch ${temp.join('ran')}` },
    { transport: 'ssh', url: () => 'ssh://-oProxyCommand=touch/x' },
    { transport: 'ssh', url: () => 'git@127.0.0.1:x.git' },
    { transport: 'git', url: () => 'git://127.0.0.1:1/x' },
  ];
  for (const [index, { transport, url: submodule }] of forbidden.entries()) {
    test(`cannot use ${transport}, which is a warning: number ${index + 1}`, async () => {
      const url = await outer(`outer-forbidden-${index}`, submodule());
      const { warnings } = await fill(temp.path, git({ remoteUri: url, config: login }));
      assert.match(warnings[0] ?? '', new RegExp(`transport '${transport}' not allowed`));
      assert.deepEqual(await readdir(temp.join('sub')), []);
      assert.deepEqual((await readdir(temp.path)).sort(), [
        '.git',
        '.gitmodules',
        '.gitpod',
        'sub',
      ]);
    });
  }

  test('whose server cannot serve for a moment are had later', async () => {
    let refusals = 2;
    const moody = await startGitServer({
      intercept: (request, response) => {
        if (request.url?.startsWith('/inner.git') !== true || refusals === 0) return false;
        refusals -= 1;
        response.writeHead(503).end();
        return true;
      },
    });
    try {
      await moody.mirror('inner', inner.path);
      const url = await outer('outer-moody', `${moody.url}/inner.git`);
      const { warnings } = await fill(temp.path, git({ remoteUri: url, config: login }));
      assert.deepEqual(warnings, []);
      assert.equal(await readFile(temp.join('sub/inner.txt'), 'utf8'), 'old');
    } finally {
      await moody.stop();
    }
  });
});
