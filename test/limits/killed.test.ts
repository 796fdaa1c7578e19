/** What becomes of a sandbox whose host is killed: it ends by itself, and its remains go with the next run. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { content } from '../cli/support/content.ts';
import { invoke } from '../cli/support/invoke.ts';
import { createNodeFolder } from '../controller/scripted-node.ts';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { cgroupsNamed, findProcesses, mountsUnder } from '../support/leftovers.ts';
import { waitPatiently as waitFor } from './support/patience.ts';
import { mountTmpfs } from './support/mounts.ts';

const program = join(import.meta.dirname, '../../src/cli/main.ts');

describe('wscontent run that is killed', () => {
  let git: GitServer;
  let asked = 0;
  before(async () => {
    git = await startGitServer({
      intercept: (request) => {
        const hangs = request.url?.includes('silent') === true;
        if (hangs) asked += 1;
        return hangs;
      },
    });
  });
  after(async () => await git.stop());

  /** Kills one that is well inside of its sandbox; answers the uid of its container. */
  async function killOne(folder: string): Promise<string> {
    const args = [
      'run',
      '-f',
      '-',
      '--data-root',
      `${folder}/data`,
      '--state-dir',
      `${folder}/state`,
    ];
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const already = asked;
    const uid = crypto.randomUUID();
    const initializer = { git: { remoteUri: `${git.url}/silent.git` } };
    child.stdin.end(content(initializer, {}, { name: `n-${uid}`, uid }));
    await waitFor('git to be at work', () => asked > already);
    assert.notDeepEqual(await cgroupsNamed(uid), []);
    child.kill('SIGKILL');
    await once(child, 'exit');
    return uid;
  }

  async function untilNothingRuns(uid: string): Promise<void> {
    await waitFor('its processes to be gone', async () => (await findProcesses(uid)).length === 0);
  }

  test('its sandbox ends by itself, and the next one removes what is left of it alone', async () => {
    await using folder = await createNodeFolder();
    const first = await killOne(folder.path);
    await untilNothingRuns(first);
    const second = await killOne(folder.path);
    await untilNothingRuns(second);
    assert.deepEqual(await cgroupsNamed(first), []);
    const place = folder.join('state/run');
    assert.equal(
      (await readdir(place)).length,
      1,
      'the second one has removed the remains of the first',
    );

    const args = ['--data-root', folder.join('data'), '--state-dir', folder.join('state')];
    const { exitCode, stderr } = await invoke(['run', '-f', '-', ...args], {
      stdin: content({ empty: {} }),
    });
    assert.equal(exitCode, 0, stderr);
    assert.match(
      await readFile(folder.join('data/default/one/.gitpod/ready'), 'utf8'),
      /from-other/,
    );
    await assert.rejects(readdir(place), { code: 'ENOENT' });
    assert.deepEqual(await cgroupsNamed(second), []);
    assert.deepEqual(await mountsUnder(folder.path), []);
  });

  test('a state directory that cannot be written is named', async () => {
    await using folder = await createNodeFolder();
    await using disk = await mountTmpfs(folder.join('state'), 'ro');
    const args = ['--data-root', folder.join('data'), '--state-dir', disk.path];
    const { exitCode, stderr } = await invoke(['run', '-f', '-', ...args], {
      stdin: content({ empty: {} }),
    });
    assert.equal(exitCode, 1);
    assert.match(stderr, /the state directory \S+\/state cannot be used: E[A-Z]+: .*mkdir/);
  });

  test('a run that is at work beside it is left alone', async () => {
    await using folder = await createNodeFolder();
    const uid = crypto.randomUUID();
    const args = ['--data-root', folder.join('data'), '--state-dir', folder.join('state')];
    const already = asked;
    const signals = new EventEmitter();
    const going = invoke(['run', '-f', '-', ...args], {
      stdin: content({ git: { remoteUri: `${git.url}/silent.git` } }, {}, { name: 'going', uid }),
      signals,
    });
    await waitFor('git to be at work', () => asked > already);
    const beside = await invoke(['run', '-f', '-', ...args], { stdin: content({ empty: {} }) });
    assert.equal(beside.exitCode, 0, beside.stderr);
    assert.notDeepEqual(await cgroupsNamed(uid), [], 'it goes on');
    signals.emit('SIGTERM');
    assert.match((await going).stderr, /Cancelled/);
    await untilNothingRuns(uid);
    assert.deepEqual(await cgroupsNamed(uid), []);
  });
});
