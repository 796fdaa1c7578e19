import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { WatchTuning } from '../../src/controller/list-watch.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { type Exchange, type Fault, requestsOf, type Rule } from '../support/api-proxy.ts';
import { waitFor } from '../support/wait.ts';
import { type Behind, hear, quick, startBehind } from './api-behind-proxy.ts';
import { Contents, startCluster } from './contents.ts';

const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
const goneEvent = JSON.stringify({ type: 'ERROR', object: gone });

interface Case {
  readonly what: string;
  /** What befalls the first `times` requests of that kind. */
  readonly kind: Exchange['kind'];
  readonly fault: Fault;
  readonly times: number;
  /** How many complete lists it takes, the first one included. */
  readonly lists: number;
  /** A word of each trouble that is told; none, when nothing of it is worth a word. */
  readonly trouble?: RegExp;
  /** Of trouble that is told if the machine is quick. */
  readonly mayTell?: RegExp;
  readonly tuning?: WatchTuning;
}

const cases: Case[] = [
  {
    what: 'a watch that ends after each event goes on where it was',
    ...{ kind: 'watch', fault: { lines: 1, ending: 'end' }, times: 4, lists: 1 },
    mayTell: /ended as soon as/,
  },
  {
    what: 'a connection that is cut after each event goes on where it was',
    ...{ kind: 'watch', fault: { lines: 1, ending: 'cut' }, times: 4, lists: 1, trouble: /watch/ },
  },
  {
    what: 'a connection that falls silent after an event is given up',
    ...{ kind: 'watch', fault: { lines: 1, ending: 'silent' }, times: 2, lists: 1 },
    ...{ trouble: /silent/, tuning: { idleMs: 400 } },
  },
  {
    what: 'a request for a watch that nobody answers is given up',
    ...{
      kind: 'watch',
      fault: { silent: true },
      times: 1,
      lists: 1,
      trouble: /no (whole )?answer/,
    },
  },
  {
    what: 'a list that nobody answers is given up',
    ...{ kind: 'list', fault: { silent: true }, times: 1, lists: 2, trouble: /no (whole )?answer/ },
  },
  {
    what: '410 as a status leads to a new list',
    ...{ kind: 'watch', fault: { answer: 410, body: gone }, times: 2, lists: 3, trouble: /410/ },
  },
  {
    what: '410 as an event leads to a new list',
    ...{
      kind: 'watch',
      fault: { lines: 0, ending: [goneEvent] },
      times: 2,
      lists: 3,
      trouble: /410/,
    },
  },
  {
    what: 'errors of the server while listing are outlived',
    ...{ kind: 'list', fault: { answer: 500 }, times: 3, lists: 4, trouble: /list.*500/ },
  },
  {
    what: 'errors of the server while watching are outlived',
    ...{ kind: 'watch', fault: { answer: 500 }, times: 3, lists: 1, trouble: /watch.*500/ },
  },
  {
    what: 'credentials that are not taken for a while are outlived',
    ...{ kind: 'list', fault: { answer: 401 }, times: 2, lists: 3, trouble: /401/ },
  },
  {
    what: 'a list whose JSON is cut off is no list',
    ...{ kind: 'list', fault: { truncateAt: 60 }, times: 2, lists: 3, trouble: /list.*JSON/ },
  },
  {
    what: 'an event whose JSON is cut off is no event',
    ...{ kind: 'watch', fault: { lines: 0, ending: ['{"type":"ADD'] }, times: 2, lists: 1 },
    trouble: /no JSON/,
  },
];

describe('hearing the real API server through a network that fails', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  let behind: Behind;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
    behind = await startBehind(cluster);
  });
  after(async () => {
    await behind[Symbol.asyncDispose]();
    await cluster.stop();
  });

  for (const [index, each] of cases.entries()) {
    test(each.what, async () => {
      const node = `node-${index}`;
      const { proxy } = behind;
      proxy.exchanges.length = 0;
      proxy.rule = firstOf(each.kind, each.times, each.fault);
      await contents.create(`${node}-0`, { nodeName: node });
      await using hearing = hear(behind.kubeconfig, node, each.tuning);
      const expected = [`${node}-0`];
      for (let count = 1; count <= each.times; count += 1) {
        await waitFor('what is there', () => sameNames(hearing.names(), expected));
        await contents.create(`${node}-${count}`, { nodeName: node });
        expected.push(`${node}-${count}`);
      }
      await contents.delete(`${node}-0`);
      await waitFor('the rest', () => sameNames(hearing.names(), expected.slice(1)));
      await waitFor('the faults', () => requestsOf(proxy, each.kind).length > each.times);

      assert.equal(requestsOf(proxy, 'list').length, each.lists);
      const known = each.trouble ?? each.mayTell;
      const strange = hearing.troubles.filter((trouble) => known?.test(trouble) !== true);
      assert.deepEqual(strange, []);
      if (each.trouble !== undefined) assert.ok(hearing.troubles.length > 0);
    });
  }

  const waits: [string, Record<string, string>][] = [
    ['seconds', { 'retry-after': '1' }],
    ['a date', { date: httpDate(0), 'retry-after': httpDate(1000) }],
  ];
  for (const status of [429, 503]) {
    for (const [form, headers] of waits) {
      test(`${status} that asks to wait by ${form} is not asked again before`, async () => {
        const { proxy } = behind;
        proxy.exchanges.length = 0;
        proxy.rule = firstOf('list', 1, { answer: status, headers });
        await using _ = hear(behind.kubeconfig, 'waiting');
        await waitFor('the watch', () => requestsOf(proxy, 'watch').length > 0);
        const [first, second] = requestsOf(proxy, 'list');
        // The timer and this clock round differently.
        assert.ok((second?.at ?? 0) - (first?.at ?? 0) > 990);
      });
    }
  }

  test('a list comes in pages, and begins anew when its place is forgotten in the middle', async () => {
    const { proxy } = behind;
    const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `paged-${name}`);
    for (const name of names) await contents.create(name, { nodeName: 'paged' });
    proxy.exchanges.length = 0;
    let expired = 0;
    proxy.rule = ({ kind, query }) => {
      if (kind !== 'list' || query['continue'] === undefined || expired > 0) return undefined;
      expired += 1;
      return { answer: 410, body: gone };
    };
    await using hearing = hear(behind.kubeconfig, 'paged', { pageSize: 2 });
    await waitFor('all of it', () => sameNames(hearing.names(), names));
    const pages = requestsOf(proxy, 'list').map(({ query }) => query['continue'] !== undefined);
    assert.deepEqual(pages, [false, true, false, true, true]);
  });

  test('a watch without bookmarks goes on where its last event was, and lists when that is forgotten', async () => {
    const { proxy } = behind;
    proxy.exchanges.length = 0;
    let dropped = 0;
    const dropBookmark = (line: string): string | undefined => {
      if (!line.includes('"BOOKMARK"')) return line;
      dropped += 1;
      return undefined;
    };
    const faults: (Fault | undefined)[] = [{ map: dropBookmark }, { answer: 410, body: gone }];
    proxy.rule = ({ kind }) => (kind === 'watch' ? faults.shift() : undefined);
    // The API server sends a bookmark two seconds before it ends a watch.
    await using hearing = hear(behind.kubeconfig, 'gap', { watchMs: 6000 });
    await waitFor('the watch', () => requestsOf(proxy, 'watch')[0]?.status === 200);
    const last = await contents.create('gap-0', { nodeName: 'gap' });
    await waitFor('the event', () => hearing.names().length === 1);
    // The collection goes further than this node's part of it.
    await contents.create('gap-elsewhere', { nodeName: 'gap-elsewhere' });
    await waitFor('a third watch', () => requestsOf(proxy, 'watch')[2]?.status === 200, {
      timeoutMs: 60_000,
    });
    assert.ok(dropped > 0);
    const [, afterGap] = requestsOf(proxy, 'watch');
    assert.equal(afterGap?.query['resourceVersion'], last.metadata.resourceVersion);
    assert.equal(requestsOf(proxy, 'list').length, 2);
    assert.match(hearing.troubles.join(), /^watch: [^,]*410[^,]*$/);
  });

  test('a server that fails for long is asked once a step of the backoff', async () => {
    const { proxy } = behind;
    proxy.exchanges.length = 0;
    proxy.rule = () => ({ answer: 500 });
    await using hearing = hear(behind.kubeconfig, 'patient');
    await waitFor('some failures', () => hearing.troubles.length >= 6);
    const times = requestsOf(proxy, 'list').map(({ at }) => at);
    for (const [index, at] of times.entries()) {
      const step = Math.min(quick.capMs, quick.baseMs * 2 ** (index - 1));
      // The pause is at least half of the step; 5 ms for clocks that round differently.
      if (index > 0) assert.ok(at - (times[index - 1] ?? 0) >= step / 2 - 5, `request ${index}`);
    }
  });
});

function firstOf(kind: Exchange['kind'], times: number, fault: Fault): Rule {
  let left = times;
  return (exchange) => {
    if (exchange.kind !== kind || left === 0) return undefined;
    left -= 1;
    return fault;
  };
}

function sameNames(actual: readonly string[], expected: readonly string[]): boolean {
  return actual.join() === expected.toSorted().join();
}

function httpDate(inMs: number): string {
  return new Date(Math.floor(Date.now() / 1000) * 1000 + inMs).toUTCString();
}
