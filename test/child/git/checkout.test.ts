import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type GitServer, startGitServer } from '../../support/git-server.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { fill } from '../support/fill.ts';
import { git } from '../support/request.ts';

describe('git into a directory that holds something', () => {
  let server: GitServer;
  let url: string;
  let temp: TempDir;

  before(async () => {
    server = await startGitServer();
    ({ url } = await server.create('project', {
      commits: [
        {
          files: {
            'README.md': 'theirs\n',
            'src/deep/a.txt': 'a',
            'src/b.txt': 'b',
            'ignored.log': 'log',
            '.gitignore': '*.log\n',
          },
        },
      ],
    }));
  });
  after(async () => await server.stop());
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => await temp.remove());

  test('the checkout goes around what is there', async () => {
    await mkdir(temp.join('src'));
    await mkdir(temp.join('lost+found'));
    await writeFile(temp.join('src/mine.txt'), 'mine');
    await fill(temp.path, git({ remoteUri: url }));
    assert.deepEqual((await readdir(temp.join('src'))).sort(), ['b.txt', 'deep', 'mine.txt']);
    assert.equal(await readFile(temp.join('README.md'), 'utf8'), 'theirs\n');
  });

  const conflicts = [
    {
      name: 'a file',
      make: async () => await writeFile(temp.join('README.md'), 'mine'),
      path: 'README.md',
    },
    {
      name: 'an ignored file',
      make: async () => await writeFile(temp.join('ignored.log'), 'mine'),
      path: 'ignored.log',
    },
    {
      name: 'a directory',
      make: async () => await mkdir(temp.join('README.md')),
      path: 'README.md',
    },
    {
      name: 'a file for a directory',
      make: async () => await writeFile(temp.join('src'), 'mine'),
      path: 'src/b.txt, src/deep/a.txt',
    },
    {
      name: 'a link for a directory',
      make: async () => await symlink('/tmp', temp.join('src')),
      path: 'src/b.txt, src/deep/a.txt',
    },
  ];
  for (const { name, make, path } of conflicts) {
    test(`${name} in the way is an error that names it, and stays`, async () => {
      await writeFile(temp.join('other'), 'other');
      await make();
      const untouched = await readdir(temp.path, { withFileTypes: true });
      await assert.rejects(fill(temp.path, git({ remoteUri: url })), {
        reason: 'InvalidSpec',
        message: `git.checkoutLocation: earlier steps put files there that ${url} has too: ${path}`,
      });
      assert.deepEqual(await readdir(temp.path, { withFileTypes: true }), untouched);
    });
  }

  test('a checkout that fails is taken back, but for what was there', async () => {
    await mkdir(temp.join('src'));
    await writeFile(temp.join('src/mine.txt'), 'mine');
    // A filter that fails once the checkout is on its way.
    const customConfig = {
      'core.attributesFile': temp.join('attributes'),
      'filter.bad.smudge': 'false',
      'filter.bad.required': 'true',
    };
    await writeFile(temp.join('attributes'), 'b.txt filter=bad\n');
    await assert.rejects(fill(temp.path, git({ remoteUri: url, config: { customConfig } })), {
      reason: 'GitFailed',
      message: /git said: .*smudge filter/s,
    });
    assert.deepEqual((await readdir(temp.path)).sort(), ['attributes', 'src']);
    assert.deepEqual(await readdir(temp.join('src')), ['mine.txt']);
  });

  test('a clone that fails in a new directory takes that back too', async () => {
    await mkdir(temp.join('a'));
    const remoteUri = `${server.url}/none.git`;
    await assert.rejects(fill(temp.path, git({ remoteUri, checkoutLocation: 'a/b/c' })));
    assert.deepEqual(await readdir(temp.join('a')), []);
  });

  test('a location behind a link of an earlier step is refused', async () => {
    await symlink('/tmp', temp.join('out'));
    await assert.rejects(fill(temp.path, git({ remoteUri: url, checkoutLocation: 'out/x' })), {
      reason: 'PathNotAllowed',
      message: 'out is a symbolic link, not a directory',
    });
  });
});
