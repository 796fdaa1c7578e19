import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { ApiError } from '../../src/controller/api-error.ts';
import type { Query } from '../../src/controller/kube-client.ts';
import { ListWatch, type ListWatchClient } from '../../src/controller/list-watch.ts';
import { FakeClock } from './fake-clock.ts';

/** Page of a list: names, its resourceVersion, and whether it fails or goes on. */
type Page = { items: string[]; version: string; next?: string } | Error;

interface Watch {
  readonly lines?: readonly string[];
  /** Milliseconds until it ends; without, it stays silent until it is given up. */
  readonly lasts?: number;
  readonly fails?: Error;
}

interface Seen {
  /** Such as `list`, `list continue=x` or `watch 10`. */
  readonly requests: string[];
  readonly times: number[];
  readonly heard: string[];
  readonly queries: Query[];
}

const gone = new ApiError(410, 'Expired', 'too old');
const object = (name: string, version: string): object => ({
  metadata: { name, resourceVersion: version },
});
const event = (type: string, name: string, version: string): string =>
  JSON.stringify({ type, object: object(name, version) });
const longWatch: Watch = { lasts: 100_000 };

/** Runs a list-watcher over these answers until it asks for one more. */
async function play(lists: Page[], watches: Watch[], clock = new FakeClock()): Promise<Seen> {
  const seen: Seen = { requests: [], times: [], heard: [], queries: [] };
  const end = new AbortController();
  const note = (request: string, query: Query): void => {
    seen.requests.push(request);
    seen.times.push(clock.now());
    seen.queries.push(query);
  };
  const client: ListWatchClient = {
    async get(_path, _signal, query = {}) {
      const page = lists.shift();
      if (page === undefined) end.abort();
      end.signal.throwIfAborted();
      note(query['continue'] === undefined ? 'list' : `list continue=${query['continue']}`, query);
      if (page === undefined) throw new Error('there are no more lists');
      if (page instanceof Error) throw page;
      const items = page.items.map((name) => object(name, '1'));
      return { items, metadata: { resourceVersion: page.version, continue: page.next ?? '' } };
    },
    async *watch(_path, query, signal) {
      const watch = watches.shift();
      if (watch === undefined) end.abort();
      end.signal.throwIfAborted();
      note(`watch ${query['resourceVersion']}`, query);
      yield* watch?.lines ?? [];
      if (watch?.lasts !== undefined) await clock.sleep(watch.lasts, signal);
      else if (watch?.fails === undefined)
        await once(signal, 'abort').then(() => signal.throwIfAborted());
      if (watch?.fails !== undefined) throw watch.fails;
    },
  };
  const nameOf = (each: unknown): string => (each as { metadata: { name: string } }).metadata.name;
  const listWatch = new ListWatch({
    ...{ client, clock, path: '/things', selector: { fieldSelector: 'spec.nodeName=a' } },
    handler: {
      onList: (objects) => seen.heard.push(`list ${objects.map(nameOf).join(',')}`),
      onUpsert: (each) => seen.heard.push(`upsert ${nameOf(each)}`),
      onDelete: (each) => seen.heard.push(`delete ${nameOf(each)}`),
      onError: (error, what) => seen.heard.push(`${what} failed: ${(error as Error).message}`),
    },
  });
  const running = listWatch.run(end.signal);
  await clock.runUntil(() => end.signal.aborted);
  await running;
  return seen;
}

test('a list comes in pages and is told as a whole, then the watch goes on from it', async () => {
  const { requests, heard, queries } = await play(
    [
      { items: ['a', 'b'], version: '5', next: 'more' },
      { items: ['c'], version: '5' },
    ],
    [{ lines: [event('ADDED', 'd', '6'), event('DELETED', 'a', '7')], lasts: 100_000 }],
  );
  assert.deepEqual(requests, ['list', 'list continue=more', 'watch 5']);
  assert.deepEqual(heard, ['list a,b,c', 'upsert d', 'delete a']);
  assert.equal(queries[0]?.['fieldSelector'], 'spec.nodeName=a');
  assert.equal(queries[2]?.['allowWatchBookmarks'], 'true');
});

test('a watch that ends in its time is followed by another from where it was, at once', async () => {
  const { requests, times } = await play(
    [{ items: [], version: '5' }],
    [
      { lines: [event('MODIFIED', 'a', '8')], lasts: 100_000 },
      { lines: [JSON.stringify({ type: 'BOOKMARK', object: object('', '20') })], lasts: 1000 },
      longWatch,
    ],
  );
  assert.deepEqual(requests, ['list', 'watch 5', 'watch 8', 'watch 20']);
  assert.deepEqual(times, [0, 0, 100_000, 101_000]);
});

const gones: [string, Watch][] = [
  ['as an HTTP status', { fails: gone }],
  [
    'as an event',
    { lines: [JSON.stringify({ type: 'ERROR', object: { code: 410, message: 'too old' } })] },
  ],
];

for (const [what, watch] of gones) {
  test(`410 ${what} leads to a new list after a pause`, async () => {
    const { requests, times } = await play(
      [
        { items: ['a'], version: '5' },
        { items: ['b'], version: '90' },
      ],
      [watch, longWatch],
    );
    assert.deepEqual(requests, ['list', 'watch 5', 'list', 'watch 90']);
    assert.deepEqual(times, [0, 0, 600, 600]);
  });
}

test('a server that says 410 for ever is asked less and less often', async () => {
  const lists = Array.from({ length: 6 }, () => ({ items: [], version: '5' }));
  const watches = Array.from({ length: 6 }, () => ({ fails: gone }));
  const { requests, times } = await play(lists, watches);
  const listTimes = times.filter((_, index) => requests[index] === 'list');
  assert.deepEqual(listTimes, [0, 600, 1800, 4200, 9000, 18_600]);
});

test('an error of the watch is followed by a watch from where it was', async () => {
  const { requests, heard } = await play(
    [{ items: [], version: '5' }],
    [{ lines: [event('ADDED', 'a', '6')], fails: new Error('connection lost') }, longWatch],
  );
  assert.deepEqual(requests, ['list', 'watch 5', 'watch 6']);
  assert.deepEqual(heard, ['list ', 'upsert a', 'watch failed: connection lost']);
});

test('an error long after the last list is followed by a list: the state may be another one', async () => {
  const { requests, heard } = await play(
    [
      { items: ['a'], version: '50' },
      { items: ['b'], version: '7' },
    ],
    [{ lasts: 31_000, fails: new Error('connection lost') }, longWatch],
  );
  assert.deepEqual(requests, ['list', 'watch 50', 'list', 'watch 7']);
  assert.deepEqual(heard, ['list a', 'watch failed: connection lost', 'list b']);
});

test('an event older than what was heard leads to a list: the state is another one', async () => {
  const { requests, heard } = await play(
    [
      { items: ['a'], version: '50' },
      { items: ['b'], version: '8' },
    ],
    [{ lines: [event('ADDED', 'c', '7')] }, longWatch],
  );
  assert.deepEqual(requests, ['list', 'watch 50', 'list', 'watch 8']);
  assert.match(heard.join(), /^list a,watch failed: .*restored from a backup,list b$/);
});

test('a line that is cut off or no JSON ends the watch, and nothing before it is lost', async () => {
  const { requests } = await play(
    [{ items: [], version: '5' }],
    [{ lines: [event('ADDED', 'a', '6'), '{"type":"ADDED","obj'] }, longWatch],
  );
  assert.deepEqual(requests, ['list', 'watch 5', 'watch 6']);
});

test('a list that fails is tried again, not before the server asks for it', async () => {
  const busy = new ApiError(429, 'TooManyRequests', 'busy', 9000);
  const { requests, times } = await play(
    [busy, new Error('no answer'), { items: [], version: '5' }],
    [longWatch],
  );
  assert.deepEqual(requests, ['list', 'list', 'list', 'watch 5']);
  assert.deepEqual(times, [0, 9000, 10_200, 10_200]);
});

test('a page that expired in the middle begins the list anew', async () => {
  const { requests, heard } = await play(
    [{ items: ['a'], version: '5', next: 'more' }, gone, { items: ['a', 'b'], version: '9' }],
    [longWatch],
  );
  assert.deepEqual(requests, ['list', 'list continue=more', 'list', 'watch 9']);
  assert.deepEqual(heard, ['list failed: too old', 'list a,b']);
});

test('a silent watch is given up, since a half-open connection looks like that', async () => {
  const { requests, times, heard } = await play([{ items: [], version: '5' }], [{}, longWatch]);
  assert.deepEqual(requests, ['list', 'watch 5', 'watch 5']);
  assert.deepEqual([times[2], heard], [150_000, ['list ']]);
});

test('a watch that ends as soon as it has begun is not followed by another without a pause', async () => {
  const watches = Array.from({ length: 4 }, (_, n) => ({
    lines: [event('ADDED', 'a', `${n + 6}`)],
    lasts: 1,
  }));
  const { times } = await play([{ items: [], version: '5' }], [...watches, longWatch]);
  assert.deepEqual(times, [0, 0, 601, 1802, 4203, 9004]);
});

test('every now and then a complete list follows', async () => {
  const watches = Array.from({ length: 7 }, () => longWatch);
  const { requests, times, queries } = await play(
    [
      { items: [], version: '5' },
      { items: [], version: '70' },
    ],
    [...watches, { lasts: 50_000 }, longWatch],
  );
  assert.deepEqual(requests.slice(-3), ['watch 5', 'list', 'watch 70']);
  // Ten minutes and, by chance, a quarter more; the watch before asks for what is left of it.
  assert.deepEqual([times.at(-2), queries.at(-3)?.['timeoutSeconds']], [750_000, '50']);
});

test('an answer that is no list is an error like any other', async () => {
  const { requests } = await play(
    [
      { items: [], version: '' },
      { items: [], version: '5' },
    ],
    [longWatch],
  );
  assert.deepEqual(requests, ['list', 'list', 'watch 5']);
});
