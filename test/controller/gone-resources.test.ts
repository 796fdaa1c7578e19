import assert from 'node:assert/strict';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { pino } from 'pino';
import { GoneResources } from '../../src/controller/gone-resources.ts';
import type { JournalEntry } from '../../src/controller/journal-entry.ts';
import { Journal } from '../../src/controller/journal.ts';
import { PathClaims } from '../../src/controller/path-claims.ts';
import { createTempDir } from '../support/temp.ts';
import { FakeClock } from './fake-clock.ts';
import { claimed, failed, running, succeeded, uid } from './samples.ts';

const hour = 3_600_000;
const key = 'default/one';
const remains = failed('Interrupted', { dirty: true });

async function setUp(entry: JournalEntry) {
  const temp = await createTempDir();
  const journal = await Journal.open(temp.path, 0);
  await journal.write(entry);
  const live = new Set<string>();
  const removed: string[] = [];
  const clock = new FakeClock();
  const claims = new PathClaims(journal.entries(), (each) => live.has(each));
  /** How the directory stands, and whether the attempt is at work. */
  const is = { there: true, touched: false, locked: false, running: false, broken: false };
  const gone = new GoneResources({
    ...{ journal, claims, clock },
    attemptBackoff: { baseMs: 1, capMs: 1 },
    runs: { hasUid: () => is.running },
    engine: {
      reap: async () => await Promise.resolve([]),
      finished: async () => {
        if (is.broken) throw new Error('EIO');
        return await Promise.resolve(undefined);
      },
      lock: async () => await Promise.resolve(is.locked ? undefined : new AsyncDisposableStack()),
      isThere: async () => await Promise.resolve(is.there),
      isUntouched: async () => await Promise.resolve(!is.touched),
      remove: async (namespace, path) =>
        await Promise.resolve(void removed.push(`${namespace} ${path}`)),
    },
    store: { hasUid: (each) => live.has(each) },
    log: pino({ level: 'silent' }),
    stopping: new AbortController().signal,
  });
  return {
    ...{ temp, journal, live, removed, clock, claims, gone, is },
    written: async (at: number) =>
      await utimes(temp.join(`${entry.uid}.json`), at / 1000, at / 1000),
    /** As a complete list does it. */
    async list() {
      for (const each of gone.listed()) await gone.tidy(each);
    },
    async [Symbol.asyncDispose]() {
      await temp.remove();
    },
  };
}

for (const entry of [claimed, succeeded, failed('GitRefNotFound')]) {
  test(`a ${entry.state} entry is forgotten when its resource has been gone for an hour`, async () => {
    await using given = await setUp(entry);
    const { journal, clock, temp } = given;
    await given.written(0);
    await given.list();
    clock.advance(hour - 1);
    await given.list();
    assert.deepEqual(journal.get(uid), entry);
    clock.advance(1);
    await given.list();
    assert.equal(journal.get(uid), undefined);
    assert.deepEqual(await readdir(temp.path), []);
    assert.deepEqual(given.removed, []);
  });
}

test('no list, no forgetting', async () => {
  await using given = await setUp(succeeded);
  await given.written(0);
  given.clock.advance(100 * hour);
  await given.gone.tidy(key);
  await given.list();
  assert.deepEqual(given.journal.get(uid), succeeded);
});

test('a resource that is heard of again starts the hour anew', async () => {
  await using given = await setUp(succeeded);
  await given.written(0);
  await given.list();
  given.clock.advance(hour - 1);
  given.live.add(uid);
  await given.list();
  given.live.clear();
  await given.list();
  given.clock.advance(hour - 1);
  await given.list();
  assert.deepEqual(given.journal.get(uid), succeeded);
});

test('one that comes back between the list and the work on it keeps its entry', async () => {
  await using given = await setUp(succeeded);
  await given.written(0);
  await given.list();
  given.clock.advance(hour);
  assert.deepEqual(given.gone.listed(), [key]);
  given.live.add(uid);
  await given.gone.tidy(key);
  assert.deepEqual(given.journal.get(uid), succeeded);
});

test('an entry that was written less than an hour ago stays', async () => {
  await using given = await setUp(succeeded);
  await given.list();
  given.clock.advance(hour);
  await given.written(1);
  await given.list();
  assert.deepEqual(given.journal.get(uid), succeeded);
});

for (const [what, mark] of [
  ['may replace content', { replaces: true }],
  ['has its content from a volume', { provided: true }],
] as const) {
  test(`a resource that ${what} is remembered for as long as its own is there`, async () => {
    await using given = await setUp({ ...succeeded, ...mark });
    await given.written(0);
    await given.list();
    given.clock.advance(hour);
    await given.list();
    assert.notEqual(given.journal.get(uid), undefined);
    given.is.there = false;
    await given.list();
    assert.equal(given.journal.get(uid), undefined);
  });
}

test('an entry that another resource is about to disown is not forgotten meanwhile', async () => {
  await using given = await setUp(succeeded);
  const { journal, clock, live, claims } = given;
  live.add('other');
  claims.claim({ ...succeeded, uid: 'other', name: 'other' });
  await given.written(0);
  await given.list();
  clock.advance(hour);
  await given.list();
  assert.deepEqual(journal.get(uid), succeeded);
  await journal.write({ ...succeeded, removed: true });
  await given.written(0);
  await given.list();
  assert.equal(journal.get(uid), undefined);
});

test('what an attempt left unfinished is removed once a list is without its resource', async () => {
  await using given = await setUp(remains);
  await given.gone.tidy(key);
  assert.deepEqual(given.removed, []);
  await given.list();
  assert.deepEqual(given.removed, ['default /data/default/one']);
  assert.deepEqual(given.journal.get(uid), { ...remains, dirty: false });
  await given.list();
  assert.equal(given.removed.length, 1);
});

const untouched: [string, JournalEntry][] = [
  ['content that is finished', succeeded],
  ['finished content of which a part was removed', { ...succeeded, dirty: true, removed: true }],
];

for (const [what, entry] of untouched) {
  test(`${what} is never taken for remains`, async () => {
    await using given = await setUp(entry);
    await given.list();
    assert.deepEqual([given.removed, given.journal.get(uid)], [[], entry]);
  });
}

test('what a run is writing is never taken for remains', async () => {
  await using given = await setUp(running);
  given.is.running = true;
  await given.list();
  assert.deepEqual([given.removed, given.journal.get(uid)], [[], running]);
});

test('an attempt whose outcome a broken disk kept back is concluded once it does not', async () => {
  await using given = await setUp(running);
  given.is.broken = true;
  await given.list();
  assert.deepEqual([given.removed, given.journal.get(uid)], [[], running]);
  given.is.broken = false;
  await given.list();
  const entry = given.journal.get(uid);
  assert.ok(typeof entry === 'object' && entry.state === 'failed');
  assert.deepEqual([entry.error.reason, entry.dirty], ['Interrupted', false]);
  assert.deepEqual(given.removed, [`default ${running.hostPath}`]);
});

test('an attempt without an outcome whose directory is given up by now has nothing in it', async () => {
  await using given = await setUp({ ...running, dirty: false });
  given.is.broken = true;
  await given.list();
  const entry = given.journal.get(uid);
  assert.ok(typeof entry === 'object' && entry.state === 'failed');
  assert.deepEqual([entry.dirty, given.removed], [false, []]);
});

test('remains in a directory that is claimed by another resource are left to it', async () => {
  await using given = await setUp(remains);
  given.live.add('other');
  const claim = { uid: 'other', namespace: 'default', name: 'other' };
  given.claims.claim({ ...claim, hostPath: '/data/default/one/below' });
  await given.list();
  assert.deepEqual(given.removed, []);
});

test('an unreadable file is kept for a week, and as long as its resource is there', async () => {
  await using given = await setUp(succeeded);
  const { temp, live, clock } = given;
  await writeFile(temp.join('there.json.corrupt-0'), '');
  await writeFile(temp.join('gone.json.corrupt-0'), '');
  const journal = await Journal.open(temp.path, 0);
  live.add('there').add(uid);
  const isGone = (each: string): boolean => !live.has(each);
  clock.advance(7 * 24 * hour);
  assert.deepEqual(await journal.tidySetAside(isGone, clock.now()), []);
  clock.advance(1);
  assert.deepEqual(await journal.tidySetAside(isGone, clock.now()), ['gone.json.corrupt-0']);
  assert.deepEqual([journal.get('gone'), journal.get('there')], [undefined, 'unreadable']);
  assert.deepEqual((await readdir(temp.path)).toSorted(), [`${uid}.json`, 'there.json.corrupt-0']);
});

test("remains beside which somebody else left something stay, and are nobody's from then on", async () => {
  await using given = await setUp(remains);
  given.is.touched = true;
  await given.list();
  assert.deepEqual(given.removed, []);
  const entry = given.journal.get(uid);
  assert.equal(entry !== 'unreadable' && entry?.dirty, false);
});

test('remains in a directory that another process is at work in stay until it is done', async () => {
  await using given = await setUp(remains);
  given.is.locked = true;
  await given.list();
  assert.deepEqual([given.removed, given.journal.get(uid)], [[], remains]);
  given.is.locked = false;
  await given.list();
  assert.deepEqual(given.removed, ['default /data/default/one']);
});
