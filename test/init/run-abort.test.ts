/** Runs that are aborted, with the real runc: they end soon, in any phase, and nothing stays behind. */
import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ContentError } from '../../src/api/errors.ts';
import { listContainers } from '../../src/init/containers.ts';
import { runInitializer } from '../../src/init/run.ts';
import { findProcesses } from '../support/leftovers.ts';
import { waitFor } from '../support/wait.ts';
import { isContentError } from './support/content-error.ts';
import {
  assertNothingLeft,
  createSandboxHarness,
  freshUid,
  reportDone,
  type SandboxHarness,
} from './support/sandbox-harness.ts';

const stubborn = `
import fs from 'node:fs'; import { spawn } from 'node:child_process';
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {});
const uid = JSON.parse(fs.readFileSync(0, 'utf8')).owner.instanceID;
spawn('sh', ['-c', 'trap "" TERM HUP INT; sleep 1000; sleep 1000', uid], { detached: true, stdio: 'inherit' });
setInterval(() => {}, 1000);
`;

async function start(harness: SandboxHarness, uid: string, signal: AbortSignal) {
  const owner = { owner: '', workspaceID: '', instanceID: uid };
  const request = await harness.request({ uid, owner });
  return harness.run(request, { signal });
}

test('an abort ends a child that ignores signals, and its descendants, within 5 s', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(stubborn);
  const uid = freshUid();
  const abort = new AbortController();
  const run = start(harness, uid, abort.signal);
  const ended = assert.rejects(run, isContentError('Cancelled', /cancelled/));
  await waitFor(
    'the descendant',
    async () => (await findProcesses(`sleep 1000 ${uid}`)).length > 0,
  );
  const aborted = performance.now();
  abort.abort();
  await ended;
  assert.ok(performance.now() - aborted < 5000);
  await assertNothingLeft(harness, uid);
});

test('an abort ends a run in whatever phase it is', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(stubborn);
  for (let ms = 0; ms <= 120; ms += 6) {
    const uid = freshUid();
    const abort = new AbortController();
    const ended = assert.rejects(
      start(harness, uid, abort.signal),
      isContentError('Cancelled', /cancelled/),
    );
    await delay(ms);
    const aborted = performance.now();
    abort.abort();
    await ended;
    assert.ok(performance.now() - aborted < 5000);
    await assertNothingLeft(harness, uid);
  }
});

for (const reason of ['DeadlineExceeded', 'Interrupted', 'Cancelled'] as const) {
  test(`an abort for ${reason} is thrown as such`, async () => {
    await using harness = await createSandboxHarness();
    await harness.child(stubborn);
    const abort = new AbortController();
    const run = start(harness, freshUid(), abort.signal);
    const ended = assert.rejects(run, isContentError(reason, /^the words of the caller$/));
    abort.abort(new ContentError(reason, 'the words of the caller'));
    await ended;
  });
}

test('a run whose signal is aborted already does not start', async () => {
  await using harness = await createSandboxHarness({ runcBinary: '/nowhere/runc' });
  await assert.rejects(
    start(harness, freshUid(), AbortSignal.abort()),
    isContentError('Cancelled', /cancelled/),
  );
  assert.deepEqual(await readdir(harness.temp.path), ['child', 'data']);
});

test('an abort after the child has ended well changes nothing', async () => {
  await using harness = await createSandboxHarness();
  // Real runc, but it stays a moment longer than the container.
  const runcBinary = harness.temp.join('runc');
  await writeFile(
    runcBinary,
    `#!/bin/sh\n"$(command -v runc)" "$@"\ncode=$?\n: >"$0-ended"\nsleep 0.5\nexit $code\n`,
    { mode: 0o755 },
  );
  await harness.child(`import fs from 'node:fs'; fs.writeFileSync('/dst/made', ''); ${reportDone}`);
  const abort = new AbortController();
  const request = await harness.request();
  const run = runInitializer(request, { ...harness.environment, runcBinary }, abort);
  await waitFor('the content', async () => (await stat(`${request.destination}/made`)).isFile());
  await waitFor('the end', async () => (await stat(`${runcBinary}-ended`)).isFile());
  abort.abort();
  assert.equal((await run).report.source, 'from-other');
});

test('a runc that hangs is ended itself', async () => {
  await using harness = await createSandboxHarness();
  const runcBinary = harness.temp.join('runc');
  const script = '#!/bin/sh\ncase "$*" in *" run "*) exec sleep 1000;; *) exit 1;; esac\n';
  await writeFile(runcBinary, script, { mode: 0o755 });
  const abort = new AbortController();
  const request = await harness.request();
  const run = runInitializer(request, { ...harness.environment, runcBinary }, abort);
  const ended = assert.rejects(run, isContentError('Cancelled', /./));
  await waitFor('runc', async () => (await listContainers(harness.environment)).length > 0);
  const aborted = performance.now();
  abort.abort();
  await ended;
  assert.ok(performance.now() - aborted < 5000);
  await assertNothingLeft(harness, request.uid);
});

test('an abort while a run that crashed is cleaned up by a runc that hangs', async () => {
  await using harness = await createSandboxHarness();
  await harness.child('process.exit(1);');
  const runcBinary = harness.temp.join('runc');
  const hangs = ': >"$0-hangs"\nexec tail -f "$0" >/dev/null';
  const script = `#!/bin/sh\ncase "$*" in *" run "*) exec runc "$@";; esac\n${hangs}\n`;
  await writeFile(runcBinary, script, { mode: 0o755 });
  const abort = new AbortController();
  const request = await harness.request();
  const run = runInitializer(request, { ...harness.environment, runcBinary }, abort);
  const ended = assert.rejects(run, isContentError('SandboxFailed', /exit code 1/));
  await waitFor('runc', async () => (await stat(`${runcBinary}-hangs`)).isFile());
  const aborted = performance.now();
  abort.abort();
  await ended;
  assert.ok(performance.now() - aborted < 5000);
  await assertNothingLeft(harness, request.uid);
});
