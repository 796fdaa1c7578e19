import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import { createTempDir, type TempDir } from '../support/temp.ts';

const root = join(import.meta.dirname, '../..');
const nodeVersion = (await readFile(join(root, 'scripts/node-version'), 'utf8')).trim();

/** A stand-in for Node that says which one it is and what it was given. */
async function fakeNode(dir: TempDir, folder: string): Promise<string> {
  await mkdir(dir.join(folder), { recursive: true });
  const file = dir.join(folder, 'node');
  await writeFile(file, `#!/bin/sh\necho ${folder}\nprintf '%s\\n' "$@"\n`, { mode: 0o755 });
  return file;
}

async function launch(dir: TempDir, args: string[], env: Record<string, string> = {}) {
  const link = dir.join('linked');
  await symlink(join(root, 'bin/wscontent'), link);
  return await execa(link, args, {
    reject: false,
    extendEnv: false,
    env: { PATH: `${dir.join('path')}:/usr/bin:/bin`, XDG_CACHE_HOME: dir.join('cache'), ...env },
  });
}

describe('launcher', () => {
  const start = ['--max-semi-space-size=1', '--memory-saver-mode', join(root, 'bin/start.mjs')];
  const cached = `cache/workspace-content/node-${nodeVersion}/bin`;

  test('finds the program through a link and hands on its arguments as they are', async () => {
    await using dir = await createTempDir();
    await fakeNode(dir, 'path');
    const { stdout } = await launch(dir, ['run', '-f', 'a b.yaml', '']);
    assert.deepEqual(stdout.split('\n'), ['path', ...start, 'run', '-f', 'a b.yaml', '']);
  });

  test("takes the checkout's own Node before the one on the path", async () => {
    await using dir = await createTempDir();
    await fakeNode(dir, 'path');
    await fakeNode(dir, cached);
    assert.equal((await launch(dir, [])).stdout.split('\n')[0], cached);
  });

  test('takes WSCONTENT_NODE before every other', async () => {
    await using dir = await createTempDir();
    await fakeNode(dir, cached);
    const chosen = await fakeNode(dir, 'chosen');
    const { stdout } = await launch(dir, [], { WSCONTENT_NODE: chosen });
    assert.equal(stdout.split('\n')[0], 'chosen');
  });

  test('says what to do when there is no Node', async () => {
    await using dir = await createTempDir();
    await mkdir(dir.join('path'));
    for (const program of ['readlink', 'sh']) {
      await symlink(`/usr/bin/${program}`, dir.join('path', program));
    }
    const { exitCode, stderr } = await launch(dir, [], { PATH: dir.join('path') });
    assert.equal(exitCode, 127);
    assert.match(stderr, /no Node found: put Node 24 or newer on the PATH/);
  });
});
