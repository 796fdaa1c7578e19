/** Runs that are ended before their attempt has begun, whatever hangs then. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { whileUnshared } from '../../src/controller/state-lock.ts';
import { createNodeFolder } from '../controller/scripted-node.ts';
import { findProcesses } from '../support/leftovers.ts';
import { lacks } from '../support/requirements.ts';
import type { TempDir } from '../support/temp.ts';
import { waitFor } from '../support/wait.ts';
import { content } from './support/content.ts';
import { invoke } from './support/invoke.ts';
import { prependPath } from './support/prepend-path.ts';

/** Interrupts a run on a node of that folder once the program is at work, whose runc hangs. */
async function assertEnds(folder: TempDir, program: RegExp): Promise<void> {
  await mkdir(folder.join('bin'), { recursive: true });
  await writeFile(
    folder.join('bin/runc'),
    '#!/bin/sh\nexec tail -f "$0" -- "$@" >/dev/null 2>&1\n',
    {
      mode: 0o755,
    },
  );
  using _ = prependPath(folder.join('bin'));
  const isAtWork = async (): Promise<boolean> =>
    (await findProcesses(folder.path)).some(({ commandLine }) => program.test(commandLine));
  const places = ['--data-root', folder.join('data'), '--state-dir', folder.join('state')];
  const signals = new EventEmitter();
  const run = invoke(['run', '-f', '-', ...places], { stdin: content({ empty: {} }), signals });
  await waitFor(String(program), isAtWork);
  const interrupted = performance.now();
  signals.emit('SIGTERM');
  const { exitCode, stderr } = await run;
  assert.ok(performance.now() - interrupted < 5000);
  assert.equal(exitCode, 1);
  assert.match(stderr, /^Cancelled: the attempt was interrupted/m);
  await assert.rejects(stat(folder.join('data/default/one')), { code: 'ENOENT' });
  await waitFor('its end', async () => !(await isAtWork()));
}

test('a run ends while runc does not say its version', { skip: lacks('root') }, async () => {
  await using folder = await createNodeFolder();
  await assertEnds(folder, /^tail .* --version$/);
  assert.deepEqual(await readdir(folder.join('state')), []);
});

test(
  'a run ends while another process cleans up the state directory',
  { skip: lacks('root') },
  async () => {
    await using folder = await createNodeFolder();
    await mkdir(folder.join('state'));
    const isAlone = await whileUnshared(folder.join('state'), async () => {
      await assertEnds(folder, /^flock --shared/);
    });
    assert.ok(isAlone);
    assert.deepEqual(await readdir(folder.join('state')), []);
  },
);

test(
  'a run ends while runc does not remove what earlier runs left, whose record stays',
  { skip: lacks('root') },
  async () => {
    await using folder = await createNodeFolder();
    for (const name of ['one', 'other']) {
      const state = folder.join('state/run', name, 'runc/wsc-left');
      await mkdir(state, { recursive: true });
      await writeFile(`${state}/state.json`, '{}');
    }
    await assertEnds(folder, /^tail .* delete --force wsc-left$/);
    assert.deepEqual(await readdir(folder.join('state/run')), ['one', 'other']);
  },
);
