import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import { pino } from 'pino';
import { systemClock } from '../../src/controller/clock.ts';
import { Journal } from '../../src/controller/journal.ts';
import { createNodeEngine } from '../../src/controller/node-engine.ts';
import { recoverAll } from '../../src/controller/recovery.ts';
import { shareStateDir } from '../../src/controller/state-lock.ts';
import { makeBundle } from '../../src/init/bundle.ts';
import { containerPaths, createRunEnvironment } from '../../src/init/environment.ts';
import { cgroupsNamed, findProcesses, mountsUnder } from '../support/leftovers.ts';
import { lacks } from '../support/requirements.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { running } from './samples.ts';

describe('what an earlier life left', { skip: lacks('root', 'runc') }, () => {
  test('is ended and removed, and nothing else', async () => {
    await using temp = await createNode();
    const [own, other] = [temp.join('state'), temp.join('other-state')];
    const call = join(own, 'run', randomUUID());
    const innocent = startInnocent();
    const neighbour = await startContainer(temp, other);
    try {
      const known = await startContainer(temp, own);
      const stray = await startContainer(temp, own);
      const ofCall = await startContainer(temp, call);
      const reused = await startContainer(temp, own);
      await giveItsPidTo(own, reused, Number(innocent.pid));
      await writeFile(temp.join('data/work'), 'work');
      const bundle = join(own, 'bundles', `wsc-${randomUUID()}`);
      await mkdir(join(bundle, 'rootfs/dst'), { recursive: true });
      await execa('mount', ['--bind', temp.join('data'), join(bundle, 'rootfs/dst')]);
      const journal = await openJournal(own);
      await journal.write({ ...running, uid: known, hostPath: temp.join('data/known') });
      await writeFile(join(own, 'journal', `${known}.json.tmp`), '{');

      await recover(temp, await openJournal(own));

      for (const uid of [known, stray, ofCall, reused]) {
        assert.deepEqual([await findProcesses(uid), await cgroupsNamed(uid)], [[], []], uid);
      }
      assert.deepEqual(await mountsUnder(own), []);
      const left = ['bundles', 'runc', 'journal'].map(async (name) => readdir(join(own, name)));
      assert.deepEqual(await Promise.all(left), [[], [], [`${known}.json`]]);
      await assert.rejects(readdir(join(own, 'run')), { code: 'ENOENT' });
      const entry = (await openJournal(own)).get(known);
      assert.ok(typeof entry === 'object' && entry.state === 'failed');
      assert.deepEqual([entry.error.reason, entry.dirty], ['Interrupted', true]);
      assert.equal(await readFile(temp.join('data/work'), 'utf8'), 'work');
      assert.equal(innocent.exitCode, null);
      assert.equal(innocent.signalCode, null);
      assert.equal(await statusOf(other, neighbour), 'running');
    } finally {
      innocent.kill('SIGKILL');
      await removeContainer(other, neighbour);
    }
  });

  for (const [how, damage] of [
    ['empty', () => ''],
    ['cut', (text: string) => text.slice(0, text.length / 2)],
    ['zeros', (text: string) => text.replaceAll(/[^]/g, '\0')],
  ] as const) {
    test(`is removed also when a power loss has left what runc wrote ${how}`, async () => {
      await using temp = await createNode();
      const own = temp.join('state');
      const uid = await startContainer(temp, own);
      try {
        const file = join(own, 'runc', `wsc-${uid}`, 'state.json');
        await writeFile(file, damage(await readFile(file, 'utf8')));
        await recover(temp, await openJournal(own));
        assert.deepEqual([await findProcesses(uid), await cgroupsNamed(uid)], [[], []]);
        assert.deepEqual(await mountsUnder(own), []);
        const left = ['bundles', 'runc'].map(async (name) => readdir(join(own, name)));
        assert.deepEqual(await Promise.all(left), [[], []]);
      } finally {
        await removeContainer(own, uid);
      }
    });
  }

  test('of a run that is at work nothing is touched', async () => {
    await using temp = await createNode();
    const state = temp.join('state');
    const call = join(state, 'run', randomUUID());
    const uid = await startContainer(temp, call);
    const share = await shareStateDir(state);
    try {
      await recover(temp, await openJournal(state));
      assert.equal(await statusOf(call, uid), 'running');
      await share[Symbol.asyncDispose]();
      await recover(temp, await openJournal(state));
      assert.deepEqual([await findProcesses(uid), await cgroupsNamed(uid)], [[], []]);
      await assert.rejects(readdir(join(state, 'run')), { code: 'ENOENT' });
    } finally {
      await share[Symbol.asyncDispose]();
      await removeContainer(call, uid);
    }
  });
});

async function createNode(): Promise<TempDir> {
  const temp = await createTempDir();
  await chmod(temp.path, 0o755);
  await mkdir(temp.join('data'));
  return temp;
}

const openJournal = async (stateDir: string): Promise<Journal> =>
  await Journal.open(join(stateDir, 'journal'), 0);

async function recover(temp: TempDir, journal: Journal): Promise<void> {
  const environment = createRunEnvironment({ stateDir: temp.join('state') });
  await recoverAll({
    engine: createNodeEngine(temp.join('data'), environment),
    ...{ journal, clock: systemClock, log: pino({ level: 'silent' }) },
    attemptBackoff: { baseMs: 1, capMs: 1 },
  });
}

/** A container of a run that has been going on for a while; returns its uid. */
async function startContainer(temp: TempDir, stateDir: string): Promise<string> {
  const uid = randomUUID();
  const id = `wsc-${uid}`;
  const destination = temp.join('data', uid);
  await mkdir(destination);
  await mkdir(stateDir, { recursive: true });
  const environment = createRunEnvironment({ stateDir });
  await makeBundle(environment, id, { destination, uid: 33333, gid: 33333 });
  const { bundle, config } = containerPaths(environment, id);
  const spec = JSON.parse(await readFile(config, 'utf8')) as {
    process: { args: string[]; env: string[] };
  };
  spec.process.args = ['/bin/sleep', '300'];
  spec.process.env.push(`WSC_TEST=${uid}`);
  await writeFile(config, JSON.stringify(spec));
  await runc(stateDir, 'run', '--detach', '--bundle', bundle, id);
  return uid;
}

/** As after its end, when another process has got its number. */
async function giveItsPidTo(stateDir: string, uid: string, pid: number): Promise<void> {
  const file = join(stateDir, 'runc', `wsc-${uid}`, 'state.json');
  const state = JSON.parse(await readFile(file, 'utf8')) as { init_process_pid: number };
  process.kill(state.init_process_pid, 'SIGKILL');
  await writeFile(file, JSON.stringify({ ...state, init_process_pid: pid }));
}

function startInnocent(): ChildProcess {
  // It may not outlive this process, however that ends.
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'sleep', '300'], { stdio: 'ignore' });
}

async function statusOf(stateDir: string, uid: string): Promise<string> {
  const { stdout } = await runc(stateDir, 'state', `wsc-${uid}`);
  return (JSON.parse(stdout) as { status: string }).status;
}

async function removeContainer(stateDir: string, uid: string): Promise<void> {
  await execa('runc', ['--root', join(stateDir, 'runc'), 'delete', '--force', `wsc-${uid}`], {
    reject: false,
    stdio: 'ignore',
  });
}

async function runc(stateDir: string, ...args: string[]): Promise<{ readonly stdout: string }> {
  // A container that goes on keeps what it is given of standard output.
  const stdout = args[0] === 'run' ? 'ignore' : 'pipe';
  const { stdout: text } = await execa('runc', ['--root', join(stateDir, 'runc'), ...args], {
    stdin: 'ignore',
    stdout,
    stderr: 'ignore',
  });
  return { stdout: text ?? '' };
}
