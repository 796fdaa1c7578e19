import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ContentError } from '../../src/api/errors.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { waitFor } from '../support/wait.ts';
import { conditionsOf, Contents, startCluster } from './contents.ts';
import {
  createNodeFolder,
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

  test('each attempt that failed has an event, and the status says which was the last', async () => {
    await using node = await start(async ({ attempt }) => {
      await Promise.resolve();
      throw new ContentError('DownloadFailed', `try ${attempt}`);
    });
    await contents.create('visible', { nodeName: node.nodeName, backoffLimit: 2 });
    const { status } = await contents.until('visible', 'Failed', ({ phase }) => phase === 'Failed');
    assert.deepEqual([status?.attempts, status?.error?.attempt], [3, 3]);
    await waitFor('an event of each', async () => {
      const failures = (await contents.events('visible')).filter(
        (each) => each === 'DownloadFailed',
      );
      return failures.length === 3;
    });
  });

  test('of two that name one directory the older has it, in whatever order they are looked at', async () => {
    await using folder = await createNodeFolder();
    const nodeName = 'both-at-once';
    const data = join(folder.path, 'data/default');
    const pairs = ['p', 'q', 'r', 's'];
    for (const pair of pairs) {
      await contents.create(`${pair}-z`, { nodeName, hostPath: join(data, `${pair}-shared`) });
      await contents.create(`${pair}-a`, { nodeName, hostPath: join(data, `${pair}-shared/sub`) });
    }
    await using _ = await start(writes, { folder: folder.path, nodeName });
    for (const pair of pairs) {
      const both = await Promise.all(
        [`${pair}-z`, `${pair}-a`].map(async (name) => contents.get(name)),
      );
      const [elder, younger] = both.toSorted(byAge);
      assert.ok(elder && younger);
      await contents.untilReason(elder.metadata.name, 'InitializationSuccess');
      const refused = await contents.untilReason(younger.metadata.name, 'PathInUse');
      assert.match(refused.status?.error?.message ?? '', new RegExp(elder.metadata.name));
    }
  });

  const aliases = ['//aliased', '/./aliased', '/aliased/', '/aliased/.', '/x/../aliased'];
  test('a directory has no second name', async () => {
    await using node = await start(writes);
    const { nodeName } = node;
    await contents.create('aliased', { nodeName });
    await contents.untilReason('aliased', 'InitializationSuccess');
    for (const alias of aliases) {
      const created = contents.create('alias', { nodeName, hostPath: `${node.data()}${alias}` });
      await assert.rejects(created, /must be in its shortest form/);
    }
    await symlink(node.data('aliased'), node.data('link'));
    await contents.create('through', { nodeName, hostPath: node.data('link/below') });
    await contents.untilReason('through', 'PathNotAllowed');
    assert.deepEqual(await readdir(node.data('aliased')), ['content']);
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

function byAge(
  one: { metadata: { [field: string]: unknown; uid?: string } },
  other: { metadata: { [field: string]: unknown; uid?: string } },
): number {
  const [first, second] = [one, other].map(
    ({ metadata }) => `${String(metadata['creationTimestamp'])} ${String(metadata.uid)}`,
  );
  return String(first) < String(second) ? -1 : 1;
}
