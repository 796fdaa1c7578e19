/** A node's clock that is set while the daemon runs, on a real API server: nothing waits, wakes or dies by it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ContentError } from '../../src/api/errors.ts';
import { type Clock, steadyClock, systemClock } from '../../src/controller/clock.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { Contents, startCluster } from '../controller/contents.ts';
import { hangs, quickResult, startScriptedNode } from '../controller/scripted-node.ts';
import { waitFor } from '../support/wait.ts';

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

describe('a clock that is set', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
  });
  after(async () => await cluster.stop());

  for (const [name, offset] of [
    ['an hour back', -hour],
    ['an hour on', hour],
  ] as const) {
    test(`${name}: retries come in their time, and no probe takes the daemon for stuck`, async () => {
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
      await contents.untilReason(id, 'DownloadFailed');
      clock.offset = offset;
      const { status } = await contents.untilReason(id, 'InitializationSuccess', 30_000);
      assert.equal(status?.attempts, 2);
      assert.equal(await ask(node, 'healthz'), 200);
      assert.equal(await ask(node, 'readyz'), 200);

      // Nor is what comes afterwards held up.
      await contents.create(`${id}-after`, { nodeName: node.nodeName });
      await contents.untilReason(`${id}-after`, 'InitializationSuccess', 30_000);
    });
  }

  test('the timeout of an attempt goes by the time that passes', async () => {
    const clock = new SettableClock();
    await using node = await startScriptedNode({
      ...{ kubeconfig: cluster.kubeconfig, clock },
      script: hangs,
    });
    const { nodeName } = node;
    await contents.create('patient', { nodeName, timeout: '1h', backoffLimit: 0 });
    await contents.create('hasty', { nodeName, timeout: '1s', backoffLimit: 0 });
    await contents.untilReason('patient', 'Initializing');
    clock.offset = -hour;
    const { status } = await contents.until('hasty', 'Failed', ({ phase }) => phase === 'Failed');
    assert.equal(status?.error?.reason, 'DeadlineExceeded');
    clock.offset = 48 * hour;
    await contents.patch('patient', { suspend: true });
    await contents.untilReason('patient', 'Suspended');
    assert.equal(
      (await contents.get('patient')).status?.error?.reason,
      'Cancelled',
      'not DeadlineExceeded',
    );
  });
});

test('the clock that waits and measures never goes back, and is not the one that people set', () => {
  assert.ok(steadyClock.now() < hour * 24 * 365, 'since the process began, not since the epoch');
  const first = steadyClock.now();
  assert.ok(steadyClock.now() >= first);
});

async function ask({ healthUrl }: { healthUrl: string }, path: string): Promise<number> {
  return (await fetch(`${healthUrl}/${path}`)).status;
}
