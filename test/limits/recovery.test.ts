/** A daemon that starts beside a directory on a broken disk: its resource says so, and all the rest goes on. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { systemClock } from '../../src/controller/clock.ts';
import { Journal } from '../../src/controller/journal.ts';
import { createNodeEngine } from '../../src/controller/node-engine.ts';
import { recover, recoverAll } from '../../src/controller/recovery.ts';
import { containerPaths } from '../../src/init/environment.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { conditionsOf, Contents, startCluster } from '../controller/contents.ts';
import { running } from '../controller/samples.ts';
import {
  createNodeFolder,
  hangs,
  type NodeOptions,
  startScriptedNode,
  writes,
} from '../controller/scripted-node.ts';
import { isContentError } from '../init/support/content-error.ts';
import { createSandboxHarness, freshUid } from '../init/support/sandbox-harness.ts';
import { lacks } from '../support/requirements.ts';
import { waitPatiently as waitFor } from './support/patience.ts';
import { type Mounted, mountDamaged } from './support/mounts.ts';

/** A disk of its own for a directory, on which the folder of the ready file cannot be read. */
async function mountBroken(path: string, image: string): Promise<Mounted> {
  const prepare = async (): Promise<void> => await mkdir(join(path, '.gitpod'));
  const mounted = await mountDamaged(path, image, prepare, '/.gitpod');
  let there = true;
  const unmount = async (): Promise<boolean> => {
    await mounted[Symbol.asyncDispose]();
    there = false;
    return true;
  };
  return {
    ...mounted,
    async [Symbol.asyncDispose]() {
      // The daemon may just be looking at it.
      if (there)
        await waitFor('the disk to be free', async () => await unmount().catch(() => false));
    },
  };
}

test('what became of an attempt on a broken disk is told later, and keeps nothing up', async () => {
  await using harness = await createSandboxHarness();
  const { environment, dataRoot, temp } = harness;
  const leftover = containerPaths(environment, `wsc-${freshUid()}`);
  await mkdir(leftover.rootfs, { recursive: true });
  const journal = await Journal.open(join(environment.stateDir, 'journal'), 0);
  const broken = { ...running, uid: freshUid(), hostPath: join(dataRoot, 'tests/broken') };
  const well = { ...running, uid: freshUid(), hostPath: join(dataRoot, 'tests/well') };
  await journal.write(broken);
  await journal.write(well);
  const parts = {
    engine: createNodeEngine(dataRoot, environment),
    ...{ journal, clock: systemClock, log: pino({ level: 'silent' }) },
    attemptBackoff: { baseMs: 1, capMs: 1 },
  };
  const stateOf = (uid: string): string => {
    const entry = journal.get(uid);
    return typeof entry === 'object' ? entry.state : String(entry);
  };
  {
    await using _ = await mountBroken(broken.hostPath, temp.join('disk'));
    await recoverAll(parts);
    assert.deepEqual(await readdir(join(environment.stateDir, 'bundles')), []);
    assert.deepEqual([stateOf(broken.uid), stateOf(well.uid)], ['running', 'failed']);
    await assert.rejects(
      recover(parts, broken),
      isContentError('DestinationBroken', new RegExp(`${broken.hostPath} .*disk`)),
    );
  }
  await recover(parts, broken);
  assert.equal(stateOf(broken.uid), 'failed');
});

describe('a daemon', { skip: lacks('root') }, () => {
  let cluster: ControlPlane;
  let contents: Contents;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
  });
  after(async () => await cluster.stop());

  test('says of an interrupted attempt that its disk is broken, makes the rest, and goes on by itself', async () => {
    await using folder = await createNodeFolder();
    const options: Omit<NodeOptions, 'script'> = {
      kubeconfig: cluster.kubeconfig,
      ...{ folder: folder.path, nodeName: `node-${freshUid().slice(0, 8)}` },
    };
    const first = await startScriptedNode({ ...options, script: hangs });
    const { nodeName } = first;
    const { metadata } = await contents.create('unlucky', { nodeName });
    await contents.untilReason('unlucky', 'Initializing');
    const file = folder.join(`state/journal/${metadata.uid}.json`);
    const entry = await readFile(file, 'utf8');
    await first.stop();
    // As kill -9 would have left it.
    await writeFile(file, entry);

    await using disk = await mountBroken(first.data('unlucky'), folder.join('disk'));
    await using node = await startScriptedNode({ ...options, script: writes });
    await contents.create('lucky', { nodeName });
    await contents.untilReason('lucky', 'InitializationSuccess');
    const told = await contents.untilReason('unlucky', 'DestinationBroken');
    assert.equal(
      conditionsOf(told),
      'Ready=False:DestinationBroken Reconciling=True:DestinationBroken',
    );
    assert.ok(told.status?.error?.message.includes(first.data('unlucky')));
    assert.equal((await fetch(`${node.healthUrl}/readyz`)).status, 200);

    await disk[Symbol.asyncDispose]();
    const { status } = await contents.untilReason('unlucky', 'InitializationSuccess');
    assert.equal(status?.attempts, 2);
  });
});
