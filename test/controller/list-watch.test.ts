import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../src/controller/api-error.ts';
import { unheard } from '../../src/controller/api-health.ts';
import { FakeClock } from './fake-clock.ts';
import { event, gone, longWatch, object, play, type Watch } from './scripted-watch.ts';

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

test('a silent watch is given up and reported; the list tells whether anything was missed', async () => {
  const lists = ['5', '9', '9'].map((version) => ({ items: [], version }));
  const { requests, times, heard } = await play(lists, [{}, {}, longWatch]);
  assert.deepEqual(requests, ['list', 'watch 5', 'list', 'watch 9', 'list', 'watch 9']);
  assert.deepEqual(times, [0, 0, 150_000, 150_000, 300_000, 300_000]);
  const silent = 'watch failed: the watch was silent for 150000 ms';
  assert.deepEqual(heard, ['list ', silent, 'list ', silent, 'list ']);
});

test('a quiet watch that is cut again and again is followed by a small pause each time', async () => {
  const cut: Watch = { lasts: 35_000, fails: new Error('ECONNRESET') };
  const lists = Array.from({ length: 7 }, () => ({ items: [], version: '5' }));
  const { requests, times } = await play(lists, [
    ...Array.from({ length: 6 }, () => cut),
    longWatch,
  ]);
  const listTimes = times.filter((_, index) => requests[index] === 'list');
  assert.deepEqual(listTimes, [0, 35_600, 71_200, 106_800, 142_400, 178_000, 213_600]);
});

test('a watch that the server does not take on is a failure, however long that takes', async () => {
  const late: Watch = { headless: true, lasts: 30_000, fails: new Error('no answer') };
  const lists = Array.from({ length: 5 }, () => ({ items: [], version: '5' }));
  const { requests, times } = await play(lists, [
    ...Array.from({ length: 4 }, () => late),
    longWatch,
  ]);
  const listTimes = times.filter((_, index) => requests[index] === 'list');
  assert.deepEqual(listTimes, [0, 30_600, 61_800, 94_200, 129_000]);
});

test('an API server that takes a watch on is heard, also while nothing happens', async () => {
  const clock = new FakeClock();
  const complaints: string[] = [];
  await play(
    [{ items: [], version: '5' }],
    [{ lasts: 10_000, fails: new Error('ECONNRESET') }, longWatch],
    clock,
    (listWatch) => {
      const complaint = unheard(listWatch, clock.now());
      if (complaint !== undefined) complaints.push(complaint);
    },
  );
  assert.ok(clock.now() > 110_000);
  assert.deepEqual(complaints, []);
});

for (const [chance, timeoutSeconds] of [
  [0, '300'],
  [0.9, '570'],
] as const) {
  test(`a watch is to last five minutes and by a chance of ${chance} more: ${timeoutSeconds} s`, async () => {
    const clock = new FakeClock();
    clock.chance = chance;
    const { queries } = await play([{ items: [], version: '5' }], [longWatch], clock);
    assert.equal(queries[1]?.['timeoutSeconds'], timeoutSeconds);
  });
}

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
