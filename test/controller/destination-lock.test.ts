import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Engine, Prepared } from '../../src/controller/engine.ts';
import { createNodeEngine } from '../../src/controller/node-engine.ts';
import { createRunEnvironment } from '../../src/init/environment.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { waitFor } from '../support/wait.ts';
import { sampleResource } from './samples.ts';

/** Of a daemon of its own: a lock belongs to the open file, so it keeps out this process as any other. */
function engineOf(temp: TempDir, name: string): Engine {
  return createNodeEngine(temp.join('data'), createRunEnvironment({ stateDir: temp.join(name) }));
}

async function prepare(
  temp: TempDir,
  engine: Engine,
  spec: object = {},
  name = 'one',
): Promise<Prepared> {
  return await engine.prepare(sampleResource(spec), temp.join('data/default', name), false);
}

const inUse = { reason: 'PathInUse', message: /another process on this node .+ is at work in / };

test('of two daemons one gets a directory, and the other when that is done', async () => {
  await using temp = await createTempDir();
  const [one, other] = [engineOf(temp, 'one'), engineOf(temp, 'other')];
  const first = await prepare(temp, one);
  await assert.rejects(prepare(temp, other, { runAsUser: 4444 }), inUse);
  assert.equal((await stat(temp.join('data/default/one'))).uid, 33333);
  await first.undo();
  await first[Symbol.asyncDispose]();
  assert.deepEqual(await readdir(temp.join('data')), []);
  await using _ = await prepare(temp, other, { runAsUser: 4444 });
  assert.equal((await stat(temp.join('data/default/one'))).uid, 4444);
  await assert.rejects(prepare(temp, one), inUse);
});

test('nobody gets a directory while another is at work below it, or above it', async () => {
  await using temp = await createTempDir();
  const [one, other] = [engineOf(temp, 'one'), engineOf(temp, 'other')];
  const deep = await prepare(temp, one, {}, 'one/x/y');
  await assert.rejects(prepare(temp, other, {}, 'one'), inUse);
  await assert.rejects(prepare(temp, other, {}, 'one/x'), inUse);
  const beside = await prepare(temp, other, {}, 'one/x/z');
  await deep[Symbol.asyncDispose]();
  await assert.rejects(prepare(temp, one, {}, 'one'), inUse);
  await beside[Symbol.asyncDispose]();
  await using _ = await prepare(temp, other, {}, 'one');
  await assert.rejects(prepare(temp, one, {}, 'one/x/y'), inUse);
});

test('a process that is killed keeps nobody out', async () => {
  await using temp = await createTempDir();
  const path = temp.join('data/default/one');
  await mkdir(path, { recursive: true });
  // It may not outlive this process, however that ends.
  const options = ['--pdeathsig', 'KILL', '--', 'flock', '--no-fork', path, 'sleep', '300'];
  const holder = spawn('setpriv', options, { stdio: 'ignore' });
  const engine = engineOf(temp, 'state');
  await waitFor('the directory to be locked', async () => {
    const prepared = await prepare(temp, engine).catch(() => undefined);
    await prepared?.[Symbol.asyncDispose]();
    return prepared === undefined;
  });
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  await using _ = await prepare(temp, engine);
});

test('a file system that takes no lock is told, and nothing is made in it', async () => {
  await using temp = await createTempDir();
  await writeFile(temp.join('flock'), '#!/bin/sh\necho "flock: 0: No locks" >&2\nexit 71\n', {
    mode: 0o755,
  });
  const { PATH } = process.env;
  process.env['PATH'] = `${temp.path}:${PATH}`;
  try {
    await assert.rejects(prepare(temp, engineOf(temp, 'state')), {
      reason: 'DestinationFailed',
      message: /could not be locked: the file system takes no lock.+: flock: 0: No locks$/,
    });
    process.env['PATH'] = temp.join('nowhere');
    await assert.rejects(prepare(temp, engineOf(temp, 'state')), {
      reason: 'DestinationFailed',
      message: /flock of util-linux cannot be run: install it/,
    });
  } finally {
    process.env['PATH'] = PATH;
  }
  assert.deepEqual(await readdir(temp.join('data')), []);
});

test('a program that has locked its own directory does not keep it from being removed', async () => {
  await using temp = await createTempDir();
  const engine = engineOf(temp, 'state');
  await using _ = await prepare(temp, engine);
  await writeFile(temp.join('data/default/one/file'), '');
  const { signal } = new AbortController();
  await engine.remove('default', temp.join('data/default/one'), signal);
  assert.deepEqual(await readdir(temp.join('data/default')), []);
});

test('while a directory is removed nobody begins to work in it', async () => {
  await using temp = await createTempDir();
  const [one, other] = [engineOf(temp, 'one'), engineOf(temp, 'other')];
  const path = temp.join('data/default/one');
  await mkdir(path, { recursive: true });
  // The real one, once it is told to go on.
  const script = `#!/bin/sh
touch ${temp.join('begun')}
while [ ! -e ${temp.join('go')} ]; do sleep 0.02; done
PATH=\${PATH#*:} exec find "$@"
`;
  await writeFile(temp.join('find'), script, { mode: 0o755 });
  const { PATH } = process.env;
  process.env['PATH'] = `${temp.path}:${PATH}`;
  const removed = one.remove('default', path, new AbortController().signal);
  try {
    await waitFor('the removal to begin', async () => await stat(temp.join('begun')));
    await assert.rejects(prepare(temp, other), inUse);
  } finally {
    process.env['PATH'] = PATH;
    await writeFile(temp.join('go'), '');
    await removed;
  }
  await using _ = await prepare(temp, other);
});
