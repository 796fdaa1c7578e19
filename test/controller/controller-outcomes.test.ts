import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ContentError } from '../../src/api/errors.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { waitFor } from '../support/wait.ts';
import { conditionsOf, Contents, startCluster } from './contents.ts';
import {
  hangs,
  type NodeOptions,
  quickResult,
  type Script,
  type ScriptedNode,
  startScriptedNode,
  writes,
} from './scripted-node.ts';

describe('how an attempt ends, and what stands in its way, on a real API server', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
  });
  after(async () => await cluster.stop());

  async function start(script: Script, options: Partial<NodeOptions> = {}): Promise<ScriptedNode> {
    return await startScriptedNode({ kubeconfig: cluster.kubeconfig, script, ...options });
  }

  test('a resource becomes Ready with what its run reported', async () => {
    await using node = await start(async ({ destination }, { onProgress }) => {
      await writeFile(join(destination, 'content'), '');
      onProgress({ step: 'git', bytes: 1 });
      const metrics = [{ path: 'git', type: 'git', duration: 1.2e9, size: 5 }] as const;
      return { duration: 1.25e9, report: { source: 'from-other', metrics, warnings: ['careful'] } };
    });
    const created = await contents.create('ready', { nodeName: node.nodeName, owner: 'amy' });
    const { status } = await contents.untilReason('ready', 'InitializationSuccess');
    assert.ok(status);
    const { conditions, startTime, completionTime, ...rest } = status;
    assert.deepEqual(rest, {
      observedGeneration: 1,
      phase: 'Ready',
      source: 'from-other',
      duration: '1.3s',
      initializerMetrics: { git: { duration: '1.2s', size: 5 } },
      steps: [{ path: 'git', type: 'git', duration: '1.2s', size: 5 }],
      warnings: ['careful'],
      hostPath: node.data('ready'),
      attempts: 1,
    });
    assert.deepEqual(
      conditions?.map(({ type, status: is }) => [type, is]),
      [['Ready', 'True']],
    );
    assert.ok(startTime && completionTime && startTime <= completionTime);
    await waitFor('both events', async () => (await contents.events('ready')).length === 2);
    assert.deepEqual(await contents.events('ready'), ['InitializationSuccess', 'Initializing']);
    const fields = { owner: 'amy', instance: created.metadata.uid, namespace: 'default' };
    const line = node.lines
      .map((each) => JSON.parse(each) as object)
      .find((each) => 'source' in each);
    assert.deepEqual({ ...line, ...fields }, line);
  });

  test('a quick run takes two writes of the status', async () => {
    await using node = await start(writes);
    await contents.create('thrifty', { nodeName: node.nodeName });
    await contents.untilReason('thrifty', 'InitializationSuccess');
    await node.stop();
    const written = node.lines.filter((line) => line.includes('status written'));
    assert.equal(written.length, 2, written.join(''));
  });

  test('a directory that holds something is refused, and nothing in it is touched', async () => {
    await using node = await start(writes);
    await mkdir(node.data('full'), { recursive: true });
    await writeFile(node.data('full', 'somebody-elses'), 'work');
    await contents.create('full', { nodeName: node.nodeName });
    const refused = await contents.untilReason('full', 'PathNotEmpty');
    assert.equal(conditionsOf(refused), 'Ready=False:PathNotEmpty Stalled=True:PathNotEmpty');
    assert.match(refused.status?.error?.message ?? '', /existingContent: Replace/);
    assert.deepEqual(await readdir(node.data('full')), ['somebody-elses']);
    await waitFor('the event', async () =>
      (await contents.events('full')).includes('PathNotEmpty'),
    );
  });

  test('existing content is given up when the resource says so', async () => {
    const slates: boolean[] = [];
    await using node = await start(async (request) => {
      slates.push(request.cleanSlate);
      return await Promise.resolve(quickResult);
    });
    await mkdir(node.data('old'), { recursive: true });
    await writeFile(node.data('old', 'old'), '');
    await contents.create('old', { nodeName: node.nodeName, existingContent: 'Replace' });
    await contents.untilReason('old', 'InitializationSuccess');
    assert.deepEqual(slates, [true]);
  });

  test('a failure that may pass is tried again, each time on a clean slate', async () => {
    const found: string[][] = [];
    await using node = await start(async (request, options) => {
      found.push(await readdir(request.destination));
      await writes(request, options);
      if (request.attempt < 3) throw new ContentError('DownloadFailed', 'the host is away');
      return quickResult;
    });
    await contents.create('flaky', { nodeName: node.nodeName });
    const { status } = await contents.untilReason('flaky', 'InitializationSuccess');
    assert.deepEqual([status?.attempts, status?.error], [3, undefined]);
    assert.deepEqual(found, [[], [], []]);
  });

  test('a failure that passes too late ends as Stalled, and its directory is gone', async () => {
    await using node = await start(async (request, options) => {
      await writes(request, options);
      throw new ContentError('DownloadFailed', 'the host is away', { step: 'download' });
    });
    await contents.create('hopeless', { nodeName: node.nodeName, backoffLimit: 1 });
    const failed = await contents.until('hopeless', 'Failed', ({ phase }) => phase === 'Failed');
    assert.equal(conditionsOf(failed), 'Ready=False:DownloadFailed Stalled=True:DownloadFailed');
    assert.equal(failed.status?.attempts, 2);
    const { reason, step, attempt } = failed.status?.error ?? {};
    assert.deepEqual([reason, step, attempt], ['DownloadFailed', 'download', 2]);
    await assert.rejects(readdir(node.data('hopeless')), { code: 'ENOENT' });

    await contents.patch('hopeless', { backoffLimit: 2 });
    await contents.until('hopeless', 'tried once more', ({ attempts }) => attempts === 3);
  });

  test('a missing Secret is told, and creating it is enough', async () => {
    await using node = await start(writes);
    const initializer = {
      git: { remoteUri: 'http://git.invalid/x', config: { authSecretRef: { name: 'late' } } },
    };
    await contents.create('waits', { nodeName: node.nodeName, initializer });
    const blocked = await contents.untilReason('waits', 'SecretNotFound');
    assert.equal(
      conditionsOf(blocked),
      'Ready=False:SecretNotFound Reconciling=True:SecretNotFound',
    );
    assert.equal(blocked.status?.attempts, 0);
    await waitFor('the event', async () =>
      (await contents.events('waits')).includes('SecretNotFound'),
    );
    await cluster.client.create('/api/v1/namespaces/default/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/basic-auth',
      metadata: { name: 'late' },
      stringData: { username: 'amy', password: 'p%40ss' },
    });
    await contents.untilReason('waits', 'InitializationSuccess');
    assert.doesNotMatch(node.lines.join(''), /p%40ss/);
  });

  test('an attempt that takes too long ends with DeadlineExceeded', async () => {
    await using node = await start(hangs);
    await contents.create('slow', { nodeName: node.nodeName, timeout: '1s', backoffLimit: 0 });
    const { status } = await contents.untilReason('slow', 'DeadlineExceeded');
    assert.equal(status?.phase, 'Failed');
  });

  const impossible: [string, string, object][] = [
    ['outside', 'PathNotAllowed', { hostPath: '/etc/somewhere' }],
    ['garbled', 'InvalidSpec', { initializerProto: 'AAAA' }],
  ];
  for (const [name, reason, spec] of impossible) {
    test(`${reason} is told before anything is written: ${name}`, async () => {
      await using node = await start(writes);
      await contents.create(name, { nodeName: node.nodeName, ...spec });
      const refused = await contents.untilReason(name, reason);
      assert.equal(conditionsOf(refused), `Ready=False:${reason} Stalled=True:${reason}`);
      assert.deepEqual(await readdir(join(node.folder, 'data')).catch(() => []), []);
    });
  }
});
