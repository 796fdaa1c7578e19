import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rmdir, symlink, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { cgroupsNamed, filesContaining, findProcesses, mountsUnder } from './leftovers.ts';
import { lacks } from './requirements.ts';
import { createTempDir } from './temp.ts';
import { waitFor } from './wait.ts';

describe('leftovers', () => {
  test('finds a process by its command line or environment until it is gone', async () => {
    const marker = `marker-${process.pid}-ü`;
    const one = spawn('sh', ['-c', 'read line', marker]);
    const two = spawn('sleep', ['60'], { env: { ...process.env, MARKER: marker } });
    await waitFor('both', async () => (await findProcesses(marker)).length === 2);
    for (const child of [one, two]) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    assert.deepEqual(await findProcesses(marker), []);
  });

  test('finds mounts below a path', { skip: lacks('root') }, async () => {
    await using dir = await createTempDir();
    const target = dir.join('with blank');
    await mkdir(target);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', target]);
    try {
      assert.deepEqual(await mountsUnder(dir.path), [target]);
    } finally {
      execFileSync('umount', [target]);
    }
    assert.deepEqual(await mountsUnder(dir.path), []);
  });

  test('finds cgroups by name', { skip: lacks('root') }, async (context) => {
    const folder = `/sys/fs/cgroup/leftovers-test-${process.pid}`;
    const pids = folder.replace('cgroup/', 'cgroup/pids/');
    const made = await Promise.any([pids, folder].map(async (path) => await mkdir(path))).then(
      () => true,
      () => false,
    );
    if (!made) {
      context.skip('no cgroup can be made here');
      return;
    }
    const found = await cgroupsNamed(`leftovers-test-${process.pid}`);
    for (const path of found) await rmdir(path);
    assert.ok(found.length > 0);
    assert.deepEqual(await cgroupsNamed(`leftovers-test-${process.pid}`), []);
  });

  test('finds files by content and name, and does not follow links', async () => {
    await using dir = await createTempDir();
    await mkdir(dir.join('a'));
    await writeFile(dir.join('a/one'), 'the pässword');
    await writeFile(dir.join('pässword'), '');
    await writeFile(dir.join('other'), 'nothing');
    await symlink('/proc/self/environ', dir.join('link'));
    assert.deepEqual((await filesContaining(dir.path, 'pässword')).sort(), [
      dir.join('a/one'),
      dir.join('pässword'),
    ]);
  });
});
