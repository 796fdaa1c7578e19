/** Runs whose runc or whose processes do not end when they are told to. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { listContainers, removeContainer } from '../../src/init/containers.ts';
import { runInitializer } from '../../src/init/run.ts';
import { cgroupsNamed, findProcesses } from '../support/leftovers.ts';
import { isContentError } from '../init/support/content-error.ts';
import {
  assertNothingLeft,
  createSandboxHarness,
  freshUid,
} from '../init/support/sandbox-harness.ts';
import { lacks } from '../support/requirements.ts';
import { mountFreezable } from './support/mounts.ts';
import { waitPatiently as waitFor } from './support/patience.ts';
import { untilAtWork } from './support/sandboxed.ts';

/** What is promised is 5 s; a machine under load may take its time, but less than runc was given. */
const longestMs = 10_000;

const stubborn = `
import fs from 'node:fs'; import { spawn } from 'node:child_process';
process.on('SIGTERM', () => {});
const uid = JSON.parse(fs.readFileSync(0, 'utf8')).owner.instanceID;
spawn('sh', ['-c', 'trap "" TERM; sleep 1000; sleep 1000', uid], { stdio: 'inherit' });
setInterval(() => {}, 1000);
`;

for (const [what, commands] of [
  ['whose runc hangs when it is to kill or delete', '*" run "*|*--version'],
  ['whose runc hangs whatever it is to do', '-'],
] as const) {
  test(`an abort ends a run ${what}`, async () => {
    await using harness = await createSandboxHarness();
    await harness.child(stubborn);
    const runcBinary = harness.temp.join('runc');
    const hangs = 'exec tail -f "$0" >/dev/null';
    const script = `#!/bin/sh\ncase "$*" in ${commands}) exec runc "$@";; esac\n${hangs}\n`;
    await writeFile(runcBinary, script, { mode: 0o755 });
    const uid = freshUid();
    const owner = { owner: '', workspaceID: '', instanceID: uid };
    const request = await harness.request({ uid, owner });
    const abort = new AbortController();
    const run = runInitializer(request, { ...harness.environment, runcBinary }, abort);
    const ended = assert.rejects(run, isContentError('Cancelled', /./));
    const begun = commands === '-' ? `tail -f ${runcBinary}` : `sleep 1000 ${uid}`;
    await waitFor('it', async () => (await findProcesses(begun)).length > 0);
    const aborted = performance.now();
    abort.abort();
    await ended;
    assert.ok(performance.now() - aborted < longestMs);
    await assertNothingLeft(harness, uid);
  });
}

test(
  'a process that cannot be killed is told of, its record stays, and it goes when it can',
  { skip: lacks('root', 'fsfreeze', 'mkfs.ext4') },
  async () => {
    await using harness = await createSandboxHarness();
    const destination = `${harness.dataRoot}/tests/content`;
    await using disk = await mountFreezable(destination, harness.temp.join('disk'));
    await harness.child(`import fs from 'node:fs';
    fs.writeFileSync('/dst/here', '');
    for (;;) fs.writeFileSync('/dst/more', '');
  `);
    const uid = freshUid();
    const id = `wsc-${uid}`;
    const abort = new AbortController();
    const run = harness.run({ uid, destination }, { signal: abort.signal });
    const ended = assert.rejects(run, isContentError('Cancelled', /./));
    await waitFor('it', async () => (await stat(`${destination}/here`)).isFile());
    const pid = await untilAtWork(uid, /child\.mjs/);
    await using frozen = await disk.freeze();
    const isStuck = async (): Promise<boolean> =>
      / D /.test(await readFile(`/proc/${pid}/stat`, 'utf8'));
    await waitFor('it to hang in the disk', isStuck);
    const aborted = performance.now();
    abort.abort();
    await ended;
    assert.ok(performance.now() - aborted < longestMs);
    const told = harness.log.find(({ message }) => message.includes('stays behind'));
    assert.match(String(told?.fields['err']), /process \d+ cannot be killed/);
    const stays = isContentError('SandboxFailed', /process \d+ cannot be killed/);
    await assert.rejects(removeContainer(harness.environment, id, { timeoutMs: 100 }), stays);
    assert.deepEqual(await listContainers(harness.environment), [{ id, uid }]);
    assert.notDeepEqual(await cgroupsNamed(uid), []);

    await frozen[Symbol.asyncDispose]();
    await removeContainer(harness.environment, id);
    harness.log.length = 0;
    await assertNothingLeft(harness, uid);
  },
);
