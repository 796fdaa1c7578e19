/** What a node loses while its daemon runs: the daemon says so, starts nothing, and goes on when it is back. */
import assert from 'node:assert/strict';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { ErrorReason } from '../../src/api/errors.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { conditionsOf, Contents, startCluster } from '../controller/contents.ts';
import { startDaemonProcess } from '../controller/daemon-process.ts';
import { createNodeFolder } from '../controller/scripted-node.ts';
import { mountsUnder } from '../support/leftovers.ts';
import { waitPatiently as waitFor } from './support/patience.ts';
import { makeReadOnly, makeWritable, type Mounted, mountTmpfs } from './support/mounts.ts';
import { linkRunc, type RealNode, startRealNode } from './support/real-node.ts';

interface Loss {
  readonly name: string;
  readonly reason: ErrorReason;
  /** What /readyz says. */
  readonly says: RegExp;
  readonly lose: (node: RealNode, disk: Mounted) => Promise<void>;
  readonly giveBack: (node: RealNode, disk: Mounted) => Promise<void>;
}

const replaceRunc =
  (script: string, mode: number) =>
  async ({ runc }: RealNode) => {
    await rm(runc);
    await writeFile(runc, script, { mode });
  };
const restoreRunc = async ({ runc }: RealNode): Promise<void> => {
  await rm(runc, { force: true });
  await linkRunc(runc);
};

const losses: readonly Loss[] = [
  {
    name: 'runc that is removed',
    reason: 'RuncUnavailable',
    says: /runc cannot be run \(.*ENOENT\): install runc 1\.1 or newer$/,
    lose: async ({ runc }) => await rm(runc),
    giveBack: restoreRunc,
  },
  {
    name: 'runc that ends with an error',
    reason: 'RuncUnavailable',
    says: /runc cannot be run \(libseccomp is missing\): install/,
    lose: replaceRunc('#!/bin/sh\necho libseccomp is missing >&2\nexit 127\n', 0o755),
    giveBack: restoreRunc,
  },
  {
    name: 'runc that may not be executed',
    reason: 'RuncUnavailable',
    says: /runc cannot be run \(.*EACCES\): install/,
    lose: replaceRunc('', 0o644),
    giveBack: restoreRunc,
  },
  {
    name: 'runc that is too old',
    reason: 'RuncUnavailable',
    says: /has version 1\.0\.3: install runc 1\.1 or newer$/,
    lose: replaceRunc('#!/bin/sh\necho runc version 1.0.3\n', 0o755),
    giveBack: restoreRunc,
  },
  {
    name: 'the state directory that is full',
    reason: 'StateUnwritable',
    says: /the state directory .* cannot be written: ENOSPC/,
    lose: async (_, disk) => {
      await writeFile(join(disk.path, 'state/filler'), Buffer.alloc(64 * 2 ** 20)).catch(() => {});
    },
    giveBack: async (_, disk) => await rm(join(disk.path, 'state/filler')),
  },
  {
    name: 'a state directory that turns read-only',
    reason: 'StateUnwritable',
    says: /the state directory .* cannot be written: EROFS/,
    lose: async (_, disk) => await makeReadOnly(join(disk.path, 'state')),
    giveBack: async (_, disk) => await makeWritable(join(disk.path, 'state')),
  },
  {
    name: 'a data root that turns read-only',
    reason: 'DestinationReadOnly',
    says: /the data root .* cannot be written: EROFS/,
    lose: async (_, disk) => await makeReadOnly(join(disk.path, 'data')),
    giveBack: async (_, disk) => await makeWritable(join(disk.path, 'data')),
  },
];

describe('a node that loses what attempts need', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
  });
  after(async () => await cluster.stop());

  for (const [index, { name, reason, says, lose, giveBack }] of losses.entries()) {
    test(`${name}: not ready, nothing starts, and it goes on by itself`, async () => {
      await using folder = await createNodeFolder();
      await using disk = await mountTmpfs(folder.path, 'size=16m');
      await using node = await startRealNode(disk.path, cluster.kubeconfig);
      const { nodeName } = node;
      await contents.create(`before-${index}`, { nodeName });
      await contents.untilReason(`before-${index}`, 'InitializationSuccess', 60_000);
      assert.equal(await node.ask('/readyz'), '200 ok');

      await lose(node, disk);
      await waitFor('the daemon to say so', async () => {
        const answer = await node.ask('/readyz');
        return answer.startsWith('503') && says.test(answer);
      });
      assert.equal(await node.ask('/healthz'), '200 ok', 'a restart would not help');
      await contents.create(`during-${index}`, { nodeName });
      const blocked = await contents.untilReason(`during-${index}`, reason, 60_000);
      assert.equal(conditionsOf(blocked), `Ready=False:${reason} Reconciling=True:${reason}`);
      assert.equal(blocked.status?.attempts, 0);
      assert.equal(await exists(node.data(`during-${index}`)), false);

      await giveBack(node, disk);
      const { status } = await contents.untilReason(
        `during-${index}`,
        'InitializationSuccess',
        60_000,
      );
      assert.deepEqual([status?.attempts, status?.error], [1, undefined]);
      await waitFor('the daemon to be ready', async () => (await node.ask('/readyz')) === '200 ok');
      assert.ok(await exists(node.data(`before-${index}`, '.gitpod/ready')));

      await node.stop();
      assert.deepEqual(await mountsUnder(join(disk.path, 'state')), []);
      assert.deepEqual(await readdir(join(disk.path, 'state/bundles')), []);
      assert.deepEqual((await readdir(disk.path)).toSorted(), ['bin', 'data', 'state']);
      assert.ok(!(await readdir(join(disk.path, 'data'))).includes('.wscontent-probe'));
    });
  }

  test('a daemon that runs out of file descriptors lives, says so, and goes on by itself', async () => {
    await using folder = await createNodeFolder();
    const nodeName = 'few-files';
    const { kubeconfig } = cluster;
    await using daemon = startDaemonProcess({ folder: folder.path, nodeName, kubeconfig });
    await contents.create('plenty', { nodeName });
    await contents.untilReason('plenty', 'InitializationSuccess', 60_000);
    const setLimit = async (limit: string): Promise<void> => {
      await execa('prlimit', ['--pid', String(daemon.pid), `--nofile=${limit}`]);
    };
    // Enough for the API server and the journal, but not for the pipes of a sandbox.
    await setLimit(`${await limitThatLeaves(3, daemon.pid)}:`);
    await contents.create('starved', { nodeName, backoffLimit: 0 });
    const { status } = await contents.untilReason('starved', 'TooManyOpenFiles', 60_000);
    assert.match(status?.error?.message ?? '', /EMFILE|too many open files/);
    assert.match(status?.error?.message ?? '', /ulimit -n/);

    await setLimit('4096:');
    await contents.untilReason('starved', 'InitializationSuccess', 90_000);
    assert.equal(await daemon.kill('SIGTERM'), 0);
    assert.deepEqual(await readdir(folder.join('state/bundles')), []);
    assert.deepEqual(await mountsUnder(folder.path), []);
  });
});

/**
 * A limit of open files under which a process could open so many more than it has at rest. The limit
 * is on their numbers, and there are gaps between those.
 */
async function limitThatLeaves(free: number, pid: number): Promise<number> {
  let fewest: Set<number> | undefined;
  for (let n = 0; n < 20; n += 1) {
    const open = new Set((await readdir(`/proc/${pid}/fd`)).map(Number));
    if (fewest === undefined || open.size < fewest.size) fewest = open;
    await delay(25);
  }
  let limit = 0;
  for (let left = free; left > 0; limit += 1) if (fewest?.has(limit) !== true) left -= 1;
  return limit;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
