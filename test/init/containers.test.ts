import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { makeBundle, removeBundle } from '../../src/init/bundle.ts';
import { cgroupName } from '../../src/init/cgroups.ts';
import {
  containerId,
  listContainers,
  removeContainer,
  removeEndedContainer,
} from '../../src/init/containers.ts';
import { startContainer } from '../../src/init/runc.ts';
import { cgroupsNamed, findProcesses, mountsUnder } from '../support/leftovers.ts';
import { waitFor } from '../support/wait.ts';
import { isContentError } from './support/content-error.ts';
import {
  assertNothingLeft,
  createSandboxHarness,
  freshUid,
  type SandboxHarness,
} from './support/sandbox-harness.ts';

const waits = `
import fs from 'node:fs'; import { spawn } from 'node:child_process';
const uid = fs.readFileSync(0, 'utf8');
spawn('sh', ['-c', 'sleep 1000; sleep 1000', uid], { stdio: 'inherit' });
`;

async function start(harness: SandboxHarness, uid: string) {
  const id = containerId(uid);
  await makeBundle(harness.environment, id, {
    destination: await harness.destination(),
    uid: 33333,
    gid: 33333,
  });
  return startContainer(harness.environment, id, uid);
}

test('a container that a dead daemon left is found and removed with all that belongs to it', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(waits);
  const uid = freshUid();
  const runc = await start(harness, uid);
  await waitFor('the container', async () => (await findProcesses(`sleep 1000 ${uid}`)).length > 0);
  runc.kill();
  await runc.exited;
  assert.ok((await findProcesses(`sleep 1000 ${uid}`)).length > 0);
  assert.deepEqual(await listContainers(harness.environment), [{ id: `wsc-${uid}`, uid }]);
  await removeContainer(harness.environment, `wsc-${uid}`);
  await assertNothingLeft(harness, uid);
});

test('nothing stays behind of a container whose runc was killed at any moment', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(waits);
  for (let ms = 0; ms <= 80; ms += 5) {
    const uid = freshUid();
    const runc = await start(harness, uid);
    await delay(ms);
    runc.kill();
    await runc.exited;
    await removeContainer(harness.environment, `wsc-${uid}`);
    await waitFor('the processes to be gone', async () => (await findProcesses(uid)).length === 0);
    await assertNothingLeft(harness, uid);
  }
});

test('a container that is not there is removed without a word, as often as one likes', async () => {
  await using harness = await createSandboxHarness();
  await removeContainer(harness.environment, 'wsc-not-there');
  await removeContainer(harness.environment, 'wsc-not-there');
  assert.deepEqual(await listContainers(harness.environment), []);
});

test('a container that cannot be removed is an error that says why, and its bundle stays', async () => {
  await using harness = await createSandboxHarness({ runcBinary: '/nowhere/runc' });
  const { stateDir } = harness.environment;
  await mkdir(`${stateDir}/runc/wsc-x`, { recursive: true });
  await mkdir(`${stateDir}/bundles/wsc-x`, { recursive: true });
  await assert.rejects(
    removeContainer(harness.environment, 'wsc-x'),
    isContentError('SandboxFailed', /wsc-x could not be removed: .*ENOENT/),
  );
  assert.deepEqual(await listContainers(harness.environment), [{ id: 'wsc-x', uid: 'x' }]);
});

const answers: readonly (readonly [string, string, RegExp])[] = [
  ['that it reports as a success', 'echo it is busy >&2; exit 0', /removed: it is busy$/],
  [
    'without a word',
    'exit 0',
    /removed: runc delete told of no error, but \/.*\/wsc-x is still there$/,
  ],
  ['with an exit code alone', 'exit 1', /removed: runc delete failed$/],
];
for (const [name, script, message] of answers) {
  test(`a failure of runc to remove a container ${name} is told in words`, async () => {
    await using harness = await createSandboxHarness();
    const runcBinary = harness.temp.join('runc');
    await writeFile(runcBinary, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    await mkdir(`${harness.environment.stateDir}/runc/wsc-x`, { recursive: true });
    await assert.rejects(
      removeContainer({ ...harness.environment, runcBinary }, 'wsc-x'),
      isContentError('SandboxFailed', message),
    );
  });
}

for (const remove of [removeContainer, removeEndedContainer]) {
  test(`what runc has mounted in its state of a container goes, and no other mount (${remove.name})`, async () => {
    await using harness = await createSandboxHarness();
    const { environment, temp } = harness;
    const mounts = ['runc/wsc-x/runc.Ab12', 'runc/wsc-x/a b', 'runc/wsc-xy', 'other'];
    await mkdir(temp.join('real'));
    await symlink(temp.join('real'), environment.stateDir);
    await writeFile(temp.join('binary'), 'runc');
    for (const name of mounts) {
      await mkdir(temp.join('real', name, '..'), { recursive: true });
      await writeFile(temp.join('real', name), '');
      await execa('mount', ['--bind', temp.join('binary'), temp.join('real', name)]);
    }
    const others = ['runc/wsc-xy', 'other'].map((name) => temp.join('real', name));
    try {
      await remove(environment, 'wsc-x');
      assert.deepEqual(await mountsUnder(temp.path), others);
    } finally {
      for (const path of await mountsUnder(temp.path)) await execa('umount', [path]);
    }
    assert.deepEqual(await readdir(temp.join('real/runc')), ['wsc-xy']);
    assert.equal(await readFile(temp.join('binary'), 'utf8'), 'runc');
  });
}

test('only what bears the name of a run is listed', async () => {
  await using harness = await createSandboxHarness();
  await mkdir(`${harness.environment.stateDir}/runc/other`, { recursive: true });
  await mkdir(`${harness.environment.stateDir}/bundles/wsc-a`, { recursive: true });
  assert.deepEqual(await listContainers(harness.environment), [{ id: 'wsc-a', uid: 'a' }]);
});

test('content that is still mounted in a bundle survives its removal', async () => {
  await using harness = await createSandboxHarness();
  const content = await harness.destination();
  await writeFile(`${content}/work`, 'mine');
  const mountPoint = `${harness.environment.stateDir}/bundles/wsc-x/rootfs/dst with blank`;
  await mkdir(mountPoint, { recursive: true });
  await execa('mount', ['--bind', content, mountPoint]);
  await removeBundle(harness.environment, 'wsc-x');
  assert.equal(await readFile(`${content}/work`, 'utf8'), 'mine');
  assert.deepEqual(await mountsUnder(harness.temp.path), []);
  assert.deepEqual(await listContainers(harness.environment), []);
});

test('the cgroups of a container have names of its own and go with it', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(waits);
  const uid = freshUid();
  const runc = await start(harness, uid);
  await waitFor('its cgroups', async () => (await cgroupsNamed(uid)).length > 0);
  const name = cgroupName(harness.environment, `wsc-${uid}`);
  for (const path of await cgroupsNamed(uid)) assert.equal(basename(path), name);
  await removeContainer(harness.environment, `wsc-${uid}`);
  await runc.exited;
  assert.deepEqual(await cgroupsNamed(uid), []);
});
