/** What a daemon goes through on a real API server: attempts that are called off, and a clock that is set. */
import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ContentError } from '../../src/api/errors.ts';
import { type Clock, steadyClock, systemClock } from '../../src/controller/clock.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { Contents, startCluster } from '../controller/contents.ts';
import {
  createNodeFolder,
  hangs,
  quickResult,
  startScriptedNode,
} from '../controller/scripted-node.ts';
import { loadKubeConfig } from '../../src/controller/kube-config.ts';
import { createTransport, type KubeTransport } from '../../src/controller/kube-transport.ts';
import { cgroupsNamed, findProcesses, mountsUnder } from '../support/leftovers.ts';
import type { HttpListener } from '../support/http-listener.ts';
import { waitPatiently as waitFor } from './support/patience.ts';
import { startHangingServer } from './support/hanging.ts';
import { type RealNode, startRealNode } from './support/real-node.ts';

const hour = 3_600_000;

/** The node's own until it is set. */
class SettableClock implements Clock {
  offset = 0;
  readonly random = systemClock.random;
  readonly sleep = systemClock.sleep;

  now(): number {
    return systemClock.now() + this.offset;
  }
}

/** What stands for a resource whose attempt is called off. */
type Cause = 'deletion' | 'suspend' | 'timeout' | 'the end of the daemon';
const outcomes: Readonly<Record<Cause, string | undefined>> = {
  deletion: undefined,
  suspend: 'Suspended: Cancelled',
  timeout: 'DeadlineExceeded: DeadlineExceeded',
  'the end of the daemon': 'Interrupted: Interrupted',
};

describe('a daemon', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  let server: HttpListener;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
    server = await startHangingServer();
  });
  after(async () => {
    await server.stop();
    await cluster.stop();
  });

  /** Calls an attempt off, waits until its end is told, and answers how. */
  async function callOff(cause: Cause, name: string, node: RealNode): Promise<string | undefined> {
    if (cause === 'the end of the daemon') await node.stop();
    else if (cause === 'suspend') await contents.patch(name, { suspend: true });
    else if (cause === 'deletion') await contents.delete(name);
    if (cause === 'deletion') return undefined;
    const reason = outcomes[cause]?.split(':')[0] ?? '';
    const { status } = await contents.untilReason(name, reason, 60_000);
    return `${reason}: ${status?.error?.reason}`;
  }

  for (const [index, cause] of (Object.keys(outcomes) as Cause[]).entries()) {
    test(`ends an attempt at ${cause}, says so, and leaves nothing`, async () => {
      await using folder = await createNodeFolder();
      await using node = await startRealNode(folder.path, cluster.kubeconfig);
      const name = `called-off-${index}`;
      const path = `/silent-${index}`;
      const { metadata } = await contents.create(name, {
        nodeName: node.nodeName,
        backoffLimit: 0,
        timeout: cause === 'timeout' ? '2s' : '1h',
        initializer: { git: { remoteUri: `${server.url}${path}` } },
      });
      if (cause !== 'timeout') {
        await waitFor('git to be at work', () => wasAsked(path));
      }
      assert.equal(await callOff(cause, name, node), outcomes[cause]);
      await untilNothingIsLeft(folder.path, String(metadata.uid));
      if (cause !== 'the end of the daemon') {
        await waitFor(
          'its directory to go',
          async () => (await readdir(node.data()).catch(() => [])).length === 0,
        );
      }
    });
  }

  for (const cause of ['deletion', 'suspend', 'the end of the daemon'] as const) {
    test(`takes nothing up after ${cause} while the API server keeps a Secret waiting`, async () => {
      await using folder = await createNodeFolder();
      const own = createTransport(() => loadKubeConfig(cluster.kubeconfig));
      const reading = Promise.withResolvers<AbortSignal>();
      let waits = true;
      const transport: KubeTransport = async (request) => {
        if (!waits || !request.path.includes('/secrets/')) return await own(request);
        reading.resolve(request.signal);
        return await new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
        });
      };
      await using node = await startRealNode(folder.path, cluster.kubeconfig, { transport });
      const name = `secret-${cause.replaceAll(' ', '-')}`;
      const config = { authSecretRef: { name: 'some' } };
      await contents.create(name, {
        nodeName: node.nodeName,
        initializer: { git: { remoteUri: 'http://git.invalid/x', config } },
      });
      const signal = await reading.promise;
      waits = false;
      if (cause === 'the end of the daemon') await node.stop();
      else if (cause === 'suspend') await contents.patch(name, { suspend: true });
      else await contents.delete(name);
      await waitFor('the question to be dropped', () => signal.aborted);
      assert.doesNotMatch(String(signal.reason), /TimeoutError/);
      if (cause === 'suspend') await contents.untilReason(name, 'Suspended', 60_000);
      await node.stop();
      assert.deepEqual(await readdir(join(folder.path, 'state/bundles')).catch(() => []), []);
    });
  }

  test('forgets what is called off while it waits for its turn', async () => {
    await using folder = await createNodeFolder();
    await using node = await startRealNode(folder.path, cluster.kubeconfig);
    const { nodeName } = node;
    const initializer = { git: { remoteUri: `${server.url}/silent-queue` } };
    for (const name of ['first', 'second']) {
      await contents.create(name, { nodeName, initializer });
      await contents.untilReason(name, 'Initializing', 60_000);
    }
    for (const name of ['waits', 'goes']) {
      await contents.create(name, { nodeName });
      await contents.untilReason(name, 'Queued', 60_000);
    }
    await contents.patch('waits', { suspend: true });
    const { status } = await contents.untilReason('waits', 'Suspended', 60_000);
    assert.equal(status?.attempts, 0);
    await contents.delete('goes');
    await contents.delete('first');
    await contents.create('last', { nodeName });
    await contents.untilReason('last', 'InitializationSuccess', 60_000);
    await assert.rejects(stat(node.data('waits')), { code: 'ENOENT' });
    await assert.rejects(stat(node.data('goes')), { code: 'ENOENT' });
  });

  function wasAsked(path: string): boolean {
    return server.requests.some((request) => request.path.startsWith(path));
  }

  for (const [name, offset] of [
    ['an hour back', -hour],
    ['an hour on', hour],
  ] as const) {
    test(`whose clock is set ${name}: retries come in their time, and no probe takes the daemon for stuck`, async () => {
      const clock = new SettableClock();
      let failures = 0;
      await using node = await startScriptedNode({
        ...{ kubeconfig: cluster.kubeconfig, clock, attemptPauseMs: 1000 },
        script: async () => {
          if (failures < 1) {
            failures += 1;
            throw new ContentError('DownloadFailed', 'the host is away');
          }
          return await Promise.resolve(quickResult);
        },
      });
      const id = name.replaceAll(' ', '-');
      await waitFor(
        'the daemon to hear the API server',
        async () => (await ask(node, 'readyz')) === 200,
      );
      await contents.create(id, { nodeName: node.nodeName, timeout: '1h' });
      await contents.untilReason(id, 'DownloadFailed', 60_000);
      clock.offset = offset;
      const { status } = await contents.untilReason(id, 'InitializationSuccess', 60_000);
      assert.equal(status?.attempts, 2);
      assert.equal(await ask(node, 'healthz'), 200);
      assert.equal(await ask(node, 'readyz'), 200);

      // Nor is what comes afterwards held up.
      await contents.create(`${id}-after`, { nodeName: node.nodeName });
      await contents.untilReason(`${id}-after`, 'InitializationSuccess', 60_000);
    });
  }

  test('lets the timeout of an attempt go by the time that passes', async () => {
    const clock = new SettableClock();
    await using node = await startScriptedNode({
      ...{ kubeconfig: cluster.kubeconfig, clock },
      script: hangs,
    });
    const { nodeName } = node;
    await contents.create('patient', { nodeName, timeout: '1h', backoffLimit: 0 });
    await contents.create('hasty', { nodeName, timeout: '1s', backoffLimit: 0 });
    await contents.untilReason('patient', 'Initializing', 60_000);
    clock.offset = -hour;
    const { status } = await contents.until(
      'hasty',
      'Failed',
      ({ phase }) => phase === 'Failed',
      60_000,
    );
    assert.equal(status?.error?.reason, 'DeadlineExceeded');
    clock.offset = 48 * hour;
    await contents.patch('patient', { suspend: true });
    await contents.untilReason('patient', 'Suspended', 60_000);
    assert.equal(
      (await contents.get('patient')).status?.error?.reason,
      'Cancelled',
      'not DeadlineExceeded',
    );
  });
});

/** Of a run and of its directories. */
async function untilNothingIsLeft(folder: string, uid: string): Promise<void> {
  await waitFor('all of it to be gone', async () => {
    const bundles = await readdir(join(folder, 'state/bundles'));
    const containers = await readdir(join(folder, 'state/runc'));
    const processes = await findProcesses(uid);
    const mounts = await mountsUnder(folder);
    const cgroups = await cgroupsNamed(uid);
    return [bundles, containers, processes, mounts, cgroups].every(({ length }) => length === 0);
  });
}

test('the clock that waits and measures never goes back, and is not the one that people set', () => {
  assert.ok(steadyClock.now() < hour * 24 * 365, 'since the process began, not since the epoch');
  const first = steadyClock.now();
  assert.ok(steadyClock.now() >= first);
});

async function ask({ healthUrl }: { healthUrl: string }, path: string): Promise<number> {
  return (await fetch(`${healthUrl}/${path}`)).status;
}
