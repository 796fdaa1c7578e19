/** What a node loses while its daemon runs: the daemon says so, starts nothing, and goes on when it is back. */
import assert from 'node:assert/strict';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ErrorReason } from '../../src/api/errors.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { conditionsOf, Contents, startCluster } from '../controller/contents.ts';
import { createNodeFolder } from '../controller/scripted-node.ts';
import { mountsUnder } from '../support/leftovers.ts';
import { waitFor } from '../support/wait.ts';
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
      await contents.untilReason(`before-${index}`, 'InitializationSuccess');
      assert.equal(await node.ask('/readyz'), '200 ok');

      await lose(node, disk);
      await waitFor('the daemon to say so', async () => {
        const answer = await node.ask('/readyz');
        return answer.startsWith('503') && says.test(answer);
      });
      assert.equal(await node.ask('/healthz'), '200 ok', 'a restart would not help');
      await contents.create(`during-${index}`, { nodeName });
      const blocked = await contents.untilReason(`during-${index}`, reason);
      assert.equal(conditionsOf(blocked), `Ready=False:${reason} Reconciling=True:${reason}`);
      assert.equal(blocked.status?.attempts, 0);
      assert.equal(await exists(node.data(`during-${index}`)), false);

      await giveBack(node, disk);
      const { status } = await contents.untilReason(`during-${index}`, 'InitializationSuccess');
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
});

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
