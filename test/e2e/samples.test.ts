/** The samples of deploy/ from `kubectl apply` to the directory, with the demo's own pieces. */
import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type NodeDaemon, startCluster, startNode } from '../../scripts/demo/cluster.ts';
import { followSamples } from '../../scripts/demo/follow.ts';
import { type LocalHosts, startLocalHosts } from '../../scripts/demo/local-hosts.ts';
import { applySample, samples } from '../../scripts/demo/samples.ts';
import { type Content, readyCondition } from '../../scripts/demo/table.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { findProcesses, mountsUnder } from '../support/leftovers.ts';

describe('each sample ends as it says', () => {
  let hosts: LocalHosts;
  let controlPlane: ControlPlane;
  let node: NodeDaemon;
  let contents: readonly Content[];

  before(async () => {
    [controlPlane, hosts] = await Promise.all([startCluster(), startLocalHosts()]);
    node = await startNode(controlPlane, 'demo', ['--storage-config', hosts.storageConfig]);
    for (const { name } of samples) await applySample(controlPlane.client, name, hosts.rewrites);
    contents = await followSamples(controlPlane.client, samples, {
      show: () => undefined,
      alive: () => node.program.running,
      signal: AbortSignal.timeout(120_000),
      timeoutMs: 60_000,
    });
  });
  after(async () => {
    assert.equal(await node.stop(), 0);
    await hosts.stop();
    await controlPlane.stop();
    assert.deepEqual(await findProcesses(node.folder), []);
    assert.deepEqual(await mountsUnder(node.folder), []);
    await assert.rejects(stat(node.folder), { code: 'ENOENT' });
  });

  const statusOf = (name: string) => {
    const content = contents.find(({ metadata }) => metadata.name === name);
    assert.ok(content?.status);
    return content.status;
  };
  const inside = (name: string, path: string): string => join(node.dataRoot, 'default', name, path);

  for (const { name, ready, reason } of samples) {
    test(`${name}: Ready is ${ready} by ${reason}`, async () => {
      const content = contents.find(({ metadata }) => metadata.name === name);
      assert.ok(content !== undefined);
      const condition = readyCondition(content);
      assert.deepEqual(
        [condition?.status, condition?.reason],
        [ready, reason],
        JSON.stringify(condition),
      );
      assert.equal(statusOf(name).observedGeneration, content.metadata.generation);
      assert.equal(statusOf(name).hostPath, join(node.dataRoot, 'default', name));

      const events = await controlPlane.client.list('/api/v1/namespaces/default/events');
      const reasons = events
        .filter(({ involvedObject }) => (involvedObject as { name: string }).name === name)
        .map((event) => event['reason']);
      assert.deepEqual(new Set(reasons), new Set(['Initializing', reason]));
    });
  }

  test("empty: the directory is its owner's and holds the ready file alone", async () => {
    assert.deepEqual(await readdir(inside('empty', '.')), ['.gitpod']);
    const { uid, gid } = await stat(inside('empty', '.'));
    assert.deepEqual([uid, gid], [33333, 33333]);
    const ready = JSON.parse(await readFile(inside('empty', '.gitpod/ready'), 'utf8')) as object;
    assert.deepEqual(ready, { source: 'from-other', metrics: [] });
  });

  test('git: the clone is there, with its metrics', async () => {
    assert.ok((await stat(inside('git', '.git'))).isDirectory());
    const { steps, initializerMetrics, source } = statusOf('git');
    assert.deepEqual(
      steps?.map(({ path, type }) => [path, type]),
      [['git', 'git']],
    );
    assert.ok((initializerMetrics?.git?.size ?? 0) > 0);
    assert.equal(source, 'from-other');
  });

  test('download: the file is there, with the bytes of the public one', async () => {
    assert.equal(await readFile(inside('download', 'docs/hello/README'), 'utf8'), 'Hello World!\n');
    assert.equal(statusOf('download').initializerMetrics?.fileDownload?.size, 13);
  });

  test('composite: both are there, and each step has its row', async () => {
    assert.ok((await stat(inside('composite', 'project/.git'))).isDirectory());
    assert.equal(await readFile(inside('composite', 'hello.txt'), 'utf8'), 'Hello World!\n');
    assert.deepEqual(
      statusOf('composite').steps?.map(({ path, type }) => [path, type]),
      [
        ['composite[0].git', 'git'],
        ['composite[1].download', 'fileDownload'],
        ['composite', 'composite'],
      ],
    );
  });

  test('snapshot: the archive is there, and its root is the content’s user', async () => {
    const { mode, uid, gid } = await stat(inside('snapshot', 'hello.sh'));
    assert.deepEqual([mode & 0o777, uid, gid], [0o755, 33333, 33333]);
    assert.equal(statusOf('snapshot').source, 'from-backup');
  });

  test('prebuild: the checkout is there with what was built, and git had nothing to do', async () => {
    assert.ok((await stat(inside('prebuild', '.git'))).isDirectory());
    assert.equal(await readFile(inside('prebuild', 'built/output'), 'utf8'), 'done ahead\n');
    const { source, steps } = statusOf('prebuild');
    assert.equal(source, 'from-prebuild');
    assert.deepEqual(
      steps?.map(({ type }) => type),
      ['snapshot', 'prebuild'],
    );
  });

  test('backup: the work is back', async () => {
    assert.equal(await readFile(inside('backup', 'work.txt'), 'utf8'), 'the work of days\n');
    const { source, initializerMetrics } = statusOf('backup');
    assert.equal(source, 'from-backup');
    assert.equal(initializerMetrics?.backup?.size, 17);
  });

  test('failing: the message says what to do, and nothing is left', async () => {
    const { error, conditions, attempts } = statusOf('failing');
    assert.match(error?.message ?? '', /no-such-repository.*Check remoteUri/s);
    assert.equal(conditions?.find(({ type }) => type === 'Stalled')?.status, 'True');
    assert.equal(attempts, 1);
    await assert.rejects(stat(inside('failing', '.')), { code: 'ENOENT' });
  });
});
