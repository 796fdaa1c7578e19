/** Downloads that come out right, whatever the server does. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, systemClock } from '../../../../src/child/clock.ts';
import type { DownloadProgress } from '../../../../src/child/archive/download/download.ts';
import type { AskedFor } from '../../../support/archive-server.ts';
import { waitFor } from '../../../support/wait.ts';
import {
  bytes,
  content,
  createDownloadHarness,
  type DownloadHarness,
  impatient,
  manyConnections,
  megabyte,
  partBytes,
  slow,
} from './support.ts';

let harness: DownloadHarness;
before(async () => (harness = await createDownloadHarness()));
after(async () => await harness[Symbol.asyncDispose]());

afterEach(() => (harness.server.connections.most = 0));

const first = (asked: AskedFor): boolean => asked.index === 0;

describe('with one connection', () => {
  test('an object comes as it is, with its progress', async () => {
    const progress: DownloadProgress[] = [];
    const url = harness.put();
    const got = await harness.downloaded(url, { onProgress: (now) => progress.push(now) });
    assert.ok(got.equals(content));
    assert.deepEqual(progress.at(-1), { bytes: content.length, totalBytes: content.length });
    assert.ok(progress.length > 10);
    assert.equal(harness.server.asked(url.pathname).length, 1);
  });

  test('an object of unknown size comes as it is', async () => {
    const url = harness.put({ misbehave: () => ({ withoutLength: true }) });
    assert.ok((await harness.downloaded(url)).equals(content));
  });

  test('an empty object is nothing', async () => {
    assert.equal((await harness.downloaded(harness.put({ content: Buffer.alloc(0) }))).length, 0);
  });

  test('a drop is resumed where it happened, with the version it began with', async () => {
    const url = harness.put({
      misbehave: (asked) => (first(asked) ? { dropAfter: megabyte } : undefined),
    });
    assert.ok((await harness.downloaded(url)).equals(content));
    const [, second] = harness.server.asked(url.pathname);
    assert.ok(second !== undefined && second.start > 0 && second.start <= megabyte);
    assert.equal(second.ifMatch, '"1"');
  });

  test('many drops are resumed as long as each brings something', async () => {
    const url = harness.put({
      misbehave: ({ start }) => (start < 5 * megabyte ? { dropAfter: 300_000 } : undefined),
    });
    assert.ok((await harness.downloaded(url)).equals(content));
    assert.ok(harness.server.asked(url.pathname).length > 10);
  });

  test('silence in the middle is noticed and resumed', async () => {
    const url = harness.put({
      misbehave: (asked) => (first(asked) ? { silentAfter: megabyte } : undefined),
    });
    assert.ok((await harness.downloaded(url, impatient)).equals(content));
    assert.ok((harness.server.asked(url.pathname)[1]?.start ?? 0) > 0);
  });

  test('next to nothing is as bad as silence', async () => {
    const trickle = { silentAfter: megabyte, trickleMs: 20 };
    const url = harness.put({ misbehave: (asked) => (first(asked) ? trickle : undefined) });
    assert.ok((await harness.downloaded(url, impatient)).equals(content));
    assert.ok((harness.server.asked(url.pathname)[1]?.start ?? 0) > 0);
  });

  test('a server that does not answer is asked again', async () => {
    const url = harness.put({ misbehave: (asked) => (first(asked) ? { hang: true } : undefined) });
    assert.ok((await harness.downloaded(url, impatient)).equals(content));
  });

  for (const [asked, headers, expectedMs] of [
    ['seconds', { 'retry-after': '1' }, 1000],
    [
      'a date',
      {
        'retry-after': 'Mon, 23 Nov 2026 10:00:01 GMT',
        date: 'Mon, 23 Nov 2026 10:00:00 GMT',
      },
      1000,
    ],
    ['more than is waited for anybody', { 'retry-after': '3600' }, 2000],
  ] as const) {
    test(`503 is waited out as long as the server asks for: ${asked}`, async () => {
      const slept: number[] = [];
      // Never silent.
      const silence = { ms: 2000, bytes: 0 };
      const clock: Clock = {
        now: systemClock.now,
        // The others are the watchdog's.
        sleep: async (ms, signal) =>
          ms >= 1000 ? void slept.push(ms) : await systemClock.sleep(ms, signal),
      };
      const busy = { status: 503, headers };
      const url = harness.put({ misbehave: (request) => (first(request) ? busy : undefined) });
      assert.ok((await harness.downloaded(url, { clock, silence })).equals(content));
      assert.deepEqual(slept, [expectedMs]);
    });
  }

  test('a redirect is followed', async () => {
    const target = harness.put();
    const url = harness.put({
      misbehave: () => ({ status: 307, headers: { location: target.href } }),
    });
    assert.ok((await harness.downloaded(url)).equals(content));
  });
});

describe('with many connections', () => {
  const many = { tuning: manyConnections };

  test('parts come in order', async () => {
    const url = harness.put({ bytesPerSecond: slow });
    assert.ok((await harness.downloaded(url, many)).equals(content));
    assert.ok(harness.server.connections.most > 1);
    const asked = harness.server.asked(url.pathname);
    assert.ok(asked.slice(1).every(({ ifMatch, hasRange }) => hasRange && ifMatch === '"1"'));
  });

  test('what waits for its turn is bounded', async () => {
    const tuning = { ...manyConnections, waitingBytes: megabyte };
    const large = bytes(60 * megabyte);
    const url = harness.put({ content: large, bytesPerSecond: 20 * slow });
    let [got, mostAhead] = [0, 0];
    for await (const chunk of harness.stream(url, { tuning })) {
      got += chunk.length;
      if (got % 7 === 0) await delay(1);
      const asked = Math.max(...harness.server.asked(url.pathname).map(({ start }) => start));
      mostAhead = Math.max(mostAhead, asked - got);
    }
    assert.equal(got, large.length);
    const bound = tuning.waitingBytes + (tuning.connections + 1) * partBytes;
    assert.ok(mostAhead <= bound, `${mostAhead} bytes ahead`);
  });

  test('one connection stays one when it is fast enough', async () => {
    const url = harness.put();
    await harness.downloaded(url, { tuning: { ...manyConnections, fastEnough: 0 } });
    assert.equal(harness.server.asked(url.pathname).length, 1);
  });

  for (const [what, object] of Object.entries({
    'a server without ranges': { ranges: false },
    'an object without an ETag': { etag: null },
    'an object with a weak ETag': { etag: 'W/"1"' },
  })) {
    test(`${what} is read by one connection`, async () => {
      const url = harness.put({ ...object, bytesPerSecond: 5 * slow });
      assert.ok((await harness.downloaded(url, many)).equals(content));
      assert.equal(harness.server.asked(url.pathname).length, 1);
    });
  }

  for (const [what, bad] of Object.entries({
    'is dropped': { dropAfter: 100_000 },
    'is dropped at once': { dropAfter: 0 },
    'falls silent': { silentAfter: 100_000 },
    'is refused for now': { status: 503 },
    'meets a server error': { status: 500 },
    'meets a limit on requests': { status: 429, headers: { 'retry-after': '0' } },
  })) {
    test(`each part that ${what} is asked for again by itself`, async () => {
      const seen = new Set<number>();
      const url = harness.put({
        bytesPerSecond: slow,
        misbehave: ({ start, hasRange }) => {
          if (!hasRange || seen.has(start)) return undefined;
          seen.add(start);
          return bad;
        },
      });
      const patience = 'silentAfter' in bad ? impatient : {};
      assert.ok((await harness.downloaded(url, { ...many, ...patience })).equals(content));
      assert.ok(seen.size > 1);
    });
  }
});

test('an abort ends all connections', async () => {
  const url = harness.put({ content: bytes(20 * megabyte), bytesPerSecond: slow });
  const stop = new AbortController();
  let got = 0;
  await assert.rejects(async () => {
    for await (const chunk of harness.stream(url, {
      tuning: manyConnections,
      signal: stop.signal,
    })) {
      got += chunk.length;
      if (got > 2 * megabyte) stop.abort(new Error('enough'));
    }
  }, /enough/);
  await waitFor('all connections to end', () => harness.server.connections.open === 0);
});

test('a reader that leaves ends all connections', async () => {
  const url = harness.put({ content: bytes(20 * megabyte), bytesPerSecond: slow });
  let got = 0;
  for await (const chunk of harness.stream(url, { tuning: manyConnections })) {
    got += chunk.length;
    if (got > 2 * megabyte) break;
  }
  await waitFor('all connections to end', () => harness.server.connections.open === 0);
});
