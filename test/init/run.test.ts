/** The host side of a run with the real runc; small programs stand in for the child. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { execa } from 'execa';
import type { ContentProgress } from '../../src/api/protocol.ts';
import { filesContaining } from '../support/leftovers.ts';
import { waitFor } from '../support/wait.ts';
import { isContentError } from './support/content-error.ts';
import {
  assertNothingLeft,
  createSandboxHarness,
  freshUid,
  reportDone,
} from './support/sandbox-harness.ts';

const fs = "import fs from 'node:fs';\n";
const report = {
  source: 'from-other',
  metrics: [{ path: 'git', type: 'git', duration: 5, size: 6 }],
  warnings: [],
};
const writeReport = `fs.writeSync(4, ${JSON.stringify(JSON.stringify(report))});\n`;

test('what the child reports is returned, with the duration of the whole run', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(fs + writeReport);
  const started = performance.now();
  const result = await harness.run();
  assert.deepEqual(result.report, report);
  assert.ok(Number.isSafeInteger(result.duration) && result.duration > 0);
  assert.ok(result.duration <= (performance.now() - started) * 1e6);
});

test('the child gets its request by standard input, and no file holds it', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(`${fs}
    const request = JSON.parse(fs.readFileSync(0, 'utf8'));
    fs.writeFileSync('/dst/request.json', JSON.stringify(Object.keys(request).sort()));
    fs.writeFileSync('/dst/initializer', Buffer.from(request.initializer, 'base64'));
    fs.writeSync(5, JSON.stringify({ step: 'waiting' }) + '\\n');
    fs.writeSync(1, request.destination + ' ' + request.remoteContent.snapshot.size + ' ' + request.limits.steps);
    while (!fs.existsSync('/dst/go-on')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    ${reportDone}`);
  const destination = await harness.destination();
  let found: string[] = ['not looked'];
  await harness.run(
    {
      destination,
      initializer: new TextEncoder().encode('marker-of-initializer'),
      remoteContent: { snapshot: { url: 'https://store/marker-of-url', size: 42 } },
    },
    {
      onProgress: () => {
        void (async () => {
          const { stateDir } = harness.environment;
          const markers = [
            'marker-of-url',
            Buffer.from('marker-of-initializer').toString('base64'),
          ];
          found = (
            await Promise.all(
              markers.map(async (marker) => await filesContaining(stateDir, marker)),
            )
          ).flat();
          await writeFile(`${destination}/go-on`, '');
        })();
      },
    },
  );
  assert.deepEqual(found, []);
  assert.ok(harness.log.some(({ message }) => message === '/dst 42 256'));
  assert.deepEqual(await readdir(destination), ['go-on', 'initializer', 'request.json']);
});

test('progress is handed on while the run goes on, and lines that are none are not', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(`${fs}
    fs.writeSync(5, '{"step":"git","percent":1}\\nnonsense\\n{"step":"git","per');
    fs.writeSync(5, 'cent":2}\\n' + '{"step":"' + 'x'.repeat(100000) + '"}\\n{"step":"last"}');
    ${reportDone}`);
  const progress: ContentProgress[] = [];
  await harness.run({}, { onProgress: (each) => progress.push(each) });
  assert.deepEqual(progress, [
    { step: 'git', percent: 1 },
    { step: 'git', percent: 2 },
    { step: 'last' },
  ]);
});

test('metrics that cannot be read are a warning, not a failure', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(`${fs} fs.writeSync(4, 'x'.repeat(3_000_000));`);
  const {
    report: { source, metrics, warnings },
  } = await harness.run();
  assert.deepEqual([source, metrics], ['from-other', []]);
  assert.deepEqual(warnings, ['the metrics of the run could not be read']);
});

test('what the sandbox prints goes to the log with the fields of the resource, within bounds', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(`
    console.error('to \\u001b[1mstderr\\u001b[0m');
    for (let i = 0; i < 5000; i += 1) console.log('line ' + i + ' ' + 'x'.repeat(20000));
    ${reportDone}`);
  const request = await harness.request();
  await harness.run(request);
  const expected = {
    owner: 'somebody',
    workspaceID: 'workspace-1',
    instanceID: 'instance-1',
    container: `wsc-${request.uid}`,
    attempt: 1,
  };
  const line = harness.log.find(({ message }) => message === 'to stderr');
  assert.deepEqual(line, {
    level: 'info',
    fields: { ...expected, stream: 'stderr' },
    message: 'to stderr',
  });
  assert.ok(harness.log.length < 300);
  assert.ok(harness.log.every(({ message }) => message.length <= 4096));
});

test('two runs side by side do not meet', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(`${fs}
    fs.writeFileSync('/dst/here', '');
    while (!fs.existsSync('/dst/go-on')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    fs.writeFileSync('/dst/list', fs.readdirSync('/dst').join() + fs.readdirSync('/proc').filter(Number).join());
    ${reportDone}`);
  const destinations = [await harness.destination('one'), await harness.destination('two')];
  const runs = destinations.map(async (destination) => await harness.run({ destination }));
  await Promise.all(destinations.map(async (path) => await exists(`${path}/here`)));
  await Promise.all(destinations.map(async (path) => await writeFile(`${path}/go-on`, '')));
  await Promise.all(runs);
  for (const path of destinations) {
    assert.equal(await readFile(`${path}/list`, 'utf8'), 'go-on,here1');
  }
});

test('two runs for one uid in two state directories do not meet', async () => {
  await using first = await createSandboxHarness();
  await using second = await createSandboxHarness();
  // A descendant that is killed is a failure.
  await first.child(`${fs} import { spawn } from 'node:child_process';
    const loop = spawn('sh', ['-c', ': >/dst/here; until [ -e /dst/go-on ]; do sleep 0.01; done'], { stdio: 'ignore' });
    const [code] = await new Promise((resolve) => loop.on('exit', (...ended) => resolve(ended)));
    if (code !== 0) process.exit(1);
    ${reportDone}`);
  await second.child(`${fs} fs.writeFileSync('/dst/made', ''); ${reportDone}`);
  const uid = freshUid();
  const destination = await first.destination();
  const going = first.run({ uid, destination });
  await exists(`${destination}/here`);
  assert.equal((await second.run({ uid })).report.source, 'from-other');
  await writeFile(`${destination}/go-on`, '');
  assert.equal((await going).report.source, 'from-other');
  await assertNothingLeft(first, uid);
  await assertNothingLeft(second, uid);
});

test('the destination ends up with the user of the run, whoever had it before', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(`${fs} fs.writeFileSync('/dst/a', ''); ${reportDone}`);
  const destination = await harness.destination();
  await harness.run({ destination, runAsUser: 1234, runAsGroup: 2345 });
  const { uid, gid } = await stat(destination);
  assert.deepEqual([uid, gid], [1234, 2345]);
});

test('a destination that is not there is said to be missing', async () => {
  await using harness = await createSandboxHarness();
  await harness.child('');
  const destination = harness.temp.join('missing');
  await assert.rejects(
    harness.run({ destination }),
    isContentError('DestinationFailed', /missing is not there/),
  );
});

test('a file system without execution will do for the data', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(`${fs} fs.writeFileSync('/dst/a', ''); ${reportDone}`);
  await mkdir(harness.dataRoot);
  await execa('mount', [
    '-t',
    'tmpfs',
    '-o',
    'noexec,nosuid,noatime,mode=755',
    'tmpfs',
    harness.dataRoot,
  ]);
  try {
    await harness.run();
    assert.deepEqual(await readdir(`${harness.dataRoot}/tests/content`), ['a']);
  } finally {
    await execa('umount', ['--lazy', harness.dataRoot]);
  }
});

test('a container and a bundle of an earlier life are removed first', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(`${fs} fs.writeFileSync('/dst/again', ''); ${reportDone}`);
  const uid = freshUid();
  const { stateDir } = harness.environment;
  await mkdir(`${stateDir}/bundles/wsc-${uid}/rootfs/usr`, { recursive: true });
  await mkdir(`${stateDir}/runc/wsc-${uid}`, { recursive: true });
  await harness.run({ uid });
  await assertNothingLeft(harness, uid);
});

for (const uid of ['', '../x', 'a/b', 'UPPER', '-a', 'a b', 'x'.repeat(200)]) {
  test(`a run does not start for the uid ${JSON.stringify(uid.slice(0, 20))}`, async () => {
    await using harness = await createSandboxHarness();
    await assert.rejects(
      harness.run({ uid }),
      isContentError('InternalError', /is not the uid of a resource/),
    );
  });
}

async function exists(path: string): Promise<void> {
  await waitFor(path, async () => (await stat(path)).isFile());
}
