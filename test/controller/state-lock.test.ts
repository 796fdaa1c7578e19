import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockStateDir, shareStateDir, whileUnshared } from '../../src/controller/state-lock.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';

const module = join(import.meta.dirname, '../../src/controller/state-lock.ts');

/** A process that has locked the directory, and has started a program of its own since. */
async function startHolder(temp: TempDir, isolated: boolean): Promise<ChildProcess> {
  const code = `
    const { lockStateDir } = await import(${JSON.stringify(module)});
    const { spawn } = await import('node:child_process');
    await using lock = await lockStateDir(${JSON.stringify(temp.path)}, 0);
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    child.once('spawn', () => process.stdout.write(String(child.pid) + ' '));
    await new Promise(() => setInterval(() => {}, 1000));
  `;
  // It may not outlive this process, however that ends.
  const guard = ['--pdeathsig', 'KILL', '--', process.execPath];
  const [program, args]: [string, string[]] = isolated
    ? ['unshare', ['--pid', '--net', '--fork', '--kill-child', process.execPath]]
    : ['setpriv', guard];
  const flags = ['--input-type=module', '--eval', code];
  return spawn(program, [...args, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** The program that the holder started. */
async function childOf(holder: ChildProcess): Promise<number> {
  const [text] = (await once(holder.stdout ?? holder, 'data')) as [Buffer];
  return Number(text.toString());
}

test('a second daemon is refused, and told who has the directory', async () => {
  await using temp = await createTempDir();
  const first = await lockStateDir(temp.path, Date.UTC(2026, 0, 1));
  const refusal = new RegExp(
    `^Error: the state directory ${temp.path} is in use by another daemon \\(process ${process.pid} on .+ since 2026-01-01T00:00:00.000Z\\): .+ a --state-dir and a --data-root of its own`,
  );
  await assert.rejects(lockStateDir(temp.path, 0), refusal);
  await first[Symbol.asyncDispose]();
  await using _ = await lockStateDir(temp.path, 0);
});

test('a daemon that is killed leaves no lock behind, although a program of its own goes on', async () => {
  await using temp = await createTempDir();
  const holder = await startHolder(temp, false);
  const child = await childOf(holder);
  try {
    await assert.rejects(lockStateDir(temp.path, 0), new RegExp(`process ${holder.pid} on`));
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await using _ = await lockStateDir(temp.path, 0);
    assert.ok(process.kill(child, 0));
  } finally {
    process.kill(child, 'SIGKILL');
  }
});

test('namespaces of processes and of the network do not hide the lock', async () => {
  await using temp = await createTempDir();
  const holder = await startHolder(temp, true);
  await childOf(holder);
  await assert.rejects(lockStateDir(temp.path, 0), /in use by another daemon/);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
});

test('a lock file that another program wrote is no reason to fail', async () => {
  await using temp = await createTempDir();
  await writeFile(temp.join('lock'), 'what is this');
  await using _ = await lockStateDir(temp.path, 0);
  await assert.rejects(lockStateDir(temp.path, 0), /in use by another daemon \(process/);
});

test('remains of runs are removed only while no run is at work', async () => {
  await using temp = await createTempDir();
  const done: string[] = [];
  const act = async (): Promise<void> => await Promise.resolve(void done.push('removed'));
  const [one, other] = [await shareStateDir(temp.path), await shareStateDir(temp.path)];
  await one[Symbol.asyncDispose]();
  assert.equal(await whileUnshared(temp.path, act), false);
  await other[Symbol.asyncDispose]();
  assert.equal(await whileUnshared(temp.path, act), true);
  assert.deepEqual(done, ['removed']);
});
