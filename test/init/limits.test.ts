/** Runs that come to a limit of the sandbox, with the real runc. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ContentError } from '../../src/api/errors.ts';
import { toResources } from '../../src/init/resources.ts';
import { defaultSettings, type SandboxLimits } from '../../src/init/settings.ts';
import { cgroupsNamed } from '../support/leftovers.ts';
import { waitFor } from '../support/wait.ts';
import { isContentError } from './support/content-error.ts';
import {
  assertNothingLeft,
  createSandboxHarness,
  freshUid,
  reportDone,
} from './support/sandbox-harness.ts';

const MiB = 1024 ** 2;

const withLimits = async (limits: Partial<SandboxLimits>) =>
  await createSandboxHarness({
    sandbox: { ...defaultSettings, limits: { ...defaultSettings.limits, ...limits } },
  });

/** Ends by itself, should there be no limit. */
const greedy = `const kept = []; for (let i = 0; i < 128; i += 1) kept.push(Buffer.alloc(8 << 20, 1));`;

test('a program that uses up the memory is told from one that was killed', async () => {
  await using harness = await withLimits({ memory: 128 * MiB });
  await harness.child(greedy);
  const uid = freshUid();
  await assert.rejects(
    harness.run({ uid }),
    isContentError('LimitExceeded', /^memory ran out, .* limit is 128 MiB \(--sandbox-memory\): /),
  );
  await assertNothingLeft(harness, uid);
});

test('a tool that uses up the memory is named in the words of the program that started it', async () => {
  await using harness = await withLimits({ memory: 192 * MiB });
  await harness.child(`
    import fs from 'node:fs'; import { spawnSync } from 'node:child_process';
    const { signal } = spawnSync(process.execPath, ['-e', ${JSON.stringify(greedy)}]);
    fs.writeSync(3, JSON.stringify({ reason: 'GitFailed', message: 'git ended by ' + signal, step: 'git' }));
    process.exit(42);
  `);
  await assert.rejects(harness.run(), (error) => {
    isContentError('LimitExceeded', /--sandbox-memory\): git ended by SIGKILL$/)(error);
    return error instanceof ContentError && error.step === 'git';
  });
});

test('a fork bomb ends with the limit that stopped it and leaves nothing', async () => {
  await using harness = await withLimits({ pids: 64 });
  // It grows to a thousand processes at most, should there be no limit.
  await harness.child(`
    import fs from 'node:fs'; import { spawn } from 'node:child_process';
    const bomb = 'bomb() { if [ $1 -gt 0 ]; then bomb $(($1 - 1)) & bomb $(($1 - 1)) & fi; sleep 1000; }; bomb 9';
    const uid = JSON.parse(fs.readFileSync(0, 'utf8')).owner.instanceID;
    const shell = spawn('sh', ['-c', bomb, uid], { stdio: ['ignore', 'ignore', 'pipe'] });
    shell.stderr.once('data', (said) => { fs.writeSync(3, 'the bomb said ' + said); process.exit(42); });
  `);
  const uid = freshUid();
  const owner = { owner: '', workspaceID: '', instanceID: uid };
  await assert.rejects(
    harness.run({ uid, owner }),
    isContentError(
      'LimitExceeded',
      /limit of 64 processes and threads \(--sandbox-pids\): the bomb said .*fork/,
    ),
  );
  await assertNothingLeft(harness, uid);
});

test('a run that came to a limit and made the content nevertheless is a success', async () => {
  await using harness = await withLimits({ pids: 32 });
  await harness.child(`
    import { spawnSync } from 'node:child_process';
    spawnSync('sh', ['-c', 'for i in $(seq 64); do sleep 1000 & done'], { stdio: 'ignore' });
    ${reportDone}`);
  assert.equal((await harness.run()).report.source, 'from-other');
});

test('the cgroups of a run have its limits', async () => {
  await using harness = await withLimits({ memory: 256 * MiB, pids: 100, cpus: 1.5 });
  await harness.child(`import fs from 'node:fs';
    fs.writeFileSync('/dst/here', '');
    while (!fs.existsSync('/dst/go-on')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    ${reportDone}`);
  const destination = await harness.destination();
  const uid = freshUid();
  const run = harness.run({ uid, destination });
  await waitFor('the program', async () => (await stat(`${destination}/here`)).isFile());
  const directories = await cgroupsNamed(uid);
  const read = async (...files: string[]): Promise<string> => {
    const paths = directories.flatMap((directory) => files.map((file) => `${directory}/${file}`));
    const texts = await Promise.all(
      paths.map(async (path) => readFile(path, 'utf8').catch(() => '')),
    );
    return texts.join('').trim();
  };
  assert.equal(await read('memory.limit_in_bytes', 'memory.max'), String(256 * MiB));
  assert.equal(await read('pids.max'), '100');
  assert.match(await read('cpu.cfs_quota_us', 'cpu.max'), /^150000( 100000)?$/);
  await writeFile(`${destination}/go-on`, '');
  await run;
});

test('what is written to /tmp is bounded by itself', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(`import fs from 'node:fs';
    try { fs.writeFileSync('/tmp/large', Buffer.alloc(65 << 20)); } catch (error) { fs.writeSync(3, error.code); process.exit(42); }
  `);
  await assert.rejects(harness.run(), isContentError('InternalError', /^ENOSPC$/));
});

test('0 is no limit', () => {
  assert.deepEqual(toResources({ memory: 0, pids: 0, cpus: 0 }), {});
});
