import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ContentError } from '../../src/api/errors.ts';
import { delayAfter, TransientFailure, withRetries } from '../../src/child/retry.ts';
import { parseRetryAfter } from '../../src/api/retry-after.ts';

const policy = { tries: 4, baseMs: 1000, maxMs: 5000 };

describe('the delay before the next try', () => {
  const cases = [
    { tried: 1, fraction: 0, expected: 500 },
    { tried: 1, fraction: 0.5, expected: 750 },
    { tried: 2, fraction: 0, expected: 1000 },
    { tried: 3, fraction: 0, expected: 2000 },
    { tried: 4, fraction: 0, expected: undefined },
    { tried: 1, fraction: 0, retryAfterMs: 3000, expected: 3000 },
    { tried: 1, fraction: 0, retryAfterMs: 3_600_000, expected: 5000 },
    { tried: 3, fraction: 0.9, retryAfterMs: 1, expected: 3800 },
  ];
  for (const { tried, fraction, retryAfterMs, expected } of cases) {
    test(`after ${tried}, asked for ${retryAfterMs ?? 'nothing'}: ${expected ?? 'none'}`, () => {
      assert.equal(delayAfter(policy, tried, fraction, retryAfterMs), expected);
    });
  }

  test('is never longer than the longest', () => {
    const numbers = fc.tuple(
      fc.integer({ min: 1, max: 100 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.nat(),
    );
    fc.assert(
      fc.property(numbers, ([tried, fraction, asked]) => {
        const delay = delayAfter({ ...policy, tries: 1000 }, tried, fraction, asked);
        assert.ok(delay !== undefined && delay >= 0 && delay <= policy.maxMs);
      }),
    );
  });
});

describe('what a server asks to wait', () => {
  const date = 'Mon, 23 Nov 2026 10:00:00 GMT';
  const cases: [
    header: string | undefined,
    date: string | undefined,
    expected: number | undefined,
  ][] = [
    ['7', undefined, 7000],
    ['0', date, 0],
    ['Mon, 23 Nov 2026 10:01:30 GMT', date, 90_000],
    ['Mon, 23 Nov 2026 09:00:00 GMT', date, 0],
    ['Mon, 23 Nov 2026 10:01:30 GMT', undefined, undefined],
    ['soon', date, undefined],
    ['-5', undefined, undefined],
    [undefined, date, undefined],
  ];
  for (const [header, sent, expected] of cases) {
    test(`${header ?? 'nothing'}${sent === undefined ? ', undated' : ''}: ${expected ?? 'nothing'}`, () => {
      assert.equal(parseRetryAfter(header, sent), expected);
    });
  }
});

describe('trying again', () => {
  const failure = new ContentError('DownloadFailed', 'broke');
  const tools = (slept: number[], signal = new AbortController().signal) => ({
    policy,
    signal,
    random: { fraction: () => 0, name: () => 'x' },
    clock: { now: () => 0n, sleep: async (ms: number) => void slept.push(ms) },
  });

  test('ends with the first success', async () => {
    const slept: number[] = [];
    let tried = 0;
    const answer = await withRetries(async () => {
      tried += 1;
      if (tried < 3) throw new TransientFailure(failure, tried === 2 ? 4000 : undefined);
      return 'done';
    }, tools(slept));
    assert.deepEqual({ answer, slept }, { answer: 'done', slept: [500, 4000] });
  });

  test('ends with the failure itself when no try is left', async () => {
    const slept: number[] = [];
    const run = withRetries(
      async () => await Promise.reject(new TransientFailure(failure)),
      tools(slept),
    );
    await assert.rejects(run, failure);
    assert.equal(slept.length, policy.tries - 1);
  });

  test('is not done after a failure for good', async () => {
    const slept: number[] = [];
    await assert.rejects(
      withRetries(async () => await Promise.reject(failure), tools(slept)),
      failure,
    );
    assert.deepEqual(slept, []);
  });

  test('is not done after an abort', async () => {
    let tried = 0;
    const run = withRetries(
      async () => {
        tried += 1;
      },
      tools([], AbortSignal.abort()),
    );
    await assert.rejects(run, { name: 'AbortError' });
    assert.equal(tried, 0);
  });
});
