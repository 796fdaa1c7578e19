/** What lies in a directory, and is not the run's, the run does not take away. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { WorkspaceContentStatus } from '../../src/api/types.generated.ts';
import { bindMount } from '../support/bind-mount.ts';
import { startFileServer } from '../support/file-server.ts';
import { lacks } from '../support/requirements.ts';
import { createTempDir } from '../support/temp.ts';
import { waitFor } from '../support/wait.ts';
import { content } from './support/content.ts';
import { invoke } from './support/invoke.ts';

const digest = `sha256:${'0'.repeat(64)}`;

test(
  'while one run waits for a server another gets nothing of its directory',
  { skip: lacks('root', 'runc') },
  async () => {
    await using temp = await createTempDir();
    await chmod(temp.path, 0o755);
    const files = await startFileServer();
    const flagsOf = (state: string): string[] => [
      ...['run', '-f', '-', '--data-root', temp.join('data'), '--state-dir', temp.join(state)],
    ];
    const signals = new EventEmitter();
    const url = files.serve('/slow', 'x', { hang: true });
    const first = invoke(flagsOf('one'), {
      stdin: content({ download: { files: [{ url, filePath: 'f', digest }] } }),
      signals,
    });
    try {
      await waitFor('the download', () => files.requests.some(({ path }) => path === '/slow'));
      for (const spec of [{}, { existingContent: 'Replace' }]) {
        const { exitCode, stderr } = await invoke(flagsOf('other'), {
          stdin: content({ empty: {} }, spec),
        });
        assert.equal(exitCode, 1);
        assert.match(
          stderr,
          /^Failed: PathInUse\n {2}another process on this node \(a wscontent run, .+ is at work in \S+one\. .+ let the other process end/m,
        );
      }
    } finally {
      signals.emit('SIGINT');
      await first;
      await files.stop();
    }
    await assert.rejects(stat(temp.join('data/default/one')), { code: 'ENOENT' });

    const second = await invoke(flagsOf('other'), { stdin: content({ empty: {} }) });
    assert.equal(second.exitCode, 0, second.stderr);
    await writeFile(temp.join('data/default/one/work'), 'of days');
    const third = await invoke(flagsOf('one'), { stdin: content({ empty: {} }) });
    assert.match(third.stderr, /^Failed: PathNotEmpty/m);
    assert.equal(await readFile(temp.join('data/default/one/work'), 'utf8'), 'of days');
  },
);

test(
  'a directory is not replaced while something is mounted in it',
  { skip: lacks('root', 'runc') },
  async () => {
    await using temp = await createTempDir();
    await chmod(temp.path, 0o755);
    await mkdir(temp.join('precious'));
    await writeFile(temp.join('precious/work'), 'of days');
    const flags = [
      '--data-root',
      temp.join('data'),
      '--state-dir',
      temp.join('state'),
      '-o',
      'json',
    ];
    const replace = async () =>
      await invoke(['run', '-f', '-', ...flags], {
        stdin: content({ empty: {} }, { existingContent: 'Replace' }),
      });
    {
      await using _ = await bindMount(temp.join('precious'), temp.join('data/default/one/mount'));
      const { exitCode, stdout } = await replace();
      assert.equal(exitCode, 1);
      const { status } = JSON.parse(stdout) as { status: WorkspaceContentStatus };
      assert.deepEqual([status.attempts, status.error?.reason], [0, 'DestinationFailed']);
      assert.match(status.error?.message ?? '', /one\/mount, .+ unmount it first/);
    }
    assert.equal(await readFile(temp.join('precious/work'), 'utf8'), 'of days');
    assert.equal((await replace()).exitCode, 0);
    assert.deepEqual(await readdir(temp.join('data/default/one')), ['.gitpod']);
    assert.equal(await readFile(temp.join('precious/work'), 'utf8'), 'of days');
  },
);
