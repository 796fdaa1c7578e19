/** Downloads that cannot come out right: one clear error, and nothing of another version. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AskedFor, ServedObject } from '../../../support/archive-server.ts';
import { isContentError } from '../../../init/support/content-error.ts';
import {
  bytes,
  content,
  createDownloadHarness,
  type DownloadHarness,
  impatient,
  manyConnections,
  megabyte,
  slow,
} from './support.ts';

let harness: DownloadHarness;
before(async () => (harness = await createDownloadHarness()));
after(async () => await harness[Symbol.asyncDispose]());

const first = (asked: AskedFor): boolean => asked.index === 0;

describe('a download fails with a clear error for', () => {
  const drop = { dropAfter: megabyte };
  const failing: Record<string, readonly [Partial<ServedObject>, RegExp]> = {
    'a server that always drops': [{ misbehave: () => ({ dropAfter: 0 }) }, /could not download/],
    'a server that never answers': [
      { misbehave: () => ({ hang: true }) },
      /next to nothing for 300 ms/,
    ],
    'a server that is always busy': [{ misbehave: () => ({ status: 503 }) }, /HTTP 503/],
    'a drop without ranges': [
      { ranges: false, misbehave: (asked) => (first(asked) ? drop : undefined) },
      /sends the whole object when it is asked for the rest/,
    ],
    'a drop without an ETag': [
      { etag: null, misbehave: (asked) => (first(asked) ? drop : undefined) },
      /after \d+ bytes; the server gives it no ETag, so it cannot be resumed safely/,
    ],
    'another version after a drop': [
      { misbehave: (asked) => (first(asked) ? drop : { headers: { etag: '"2"' } }) },
      /the object changed while it was downloaded/,
    ],
    'another version from a server that does not compare': [
      {
        misbehave: (asked) =>
          first(asked) ? drop : { headers: { etag: '"1"', 'content-range': 'bytes 0-9/10' } },
      },
      /another range than it was asked for/,
    ],
    'another size after a drop': [
      { misbehave: (asked) => (first(asked) ? drop : { content: bytes(7 * megabyte) }) },
      /another range than it was asked for/,
    ],
    'a body that is shorter than announced': [
      {
        ranges: false,
        misbehave: () => ({
          content: content.subarray(0, 10),
          headers: { 'content-length': '20' },
          dropAfter: 10,
        }),
      },
      /could not download/,
    ],
    'a redirect in circles': [
      { misbehave: () => ({ status: 302, headers: { location: '/bucket/circle' } }) },
      /more than 5 times/,
    ],
    'a redirect to another protocol': [
      { misbehave: () => ({ status: 302, headers: { location: 'ftp://x/y' } }) },
      /redirects from http: to ftp:/,
    ],
  };
  for (const [what, [object, message]] of Object.entries(failing)) {
    test(what, async () => {
      harness.server.put('/bucket/circle', {
        content,
        misbehave: () => ({ status: 302, headers: { location: '/bucket/circle' } }),
      });
      await assert.rejects(
        harness.downloaded(harness.put(object), what.includes('never answers') ? impatient : {}),
        isContentError('DownloadFailed', message),
      );
    });
  }

  test('another version in the middle of many connections', async () => {
    const url = harness.put({
      bytesPerSecond: slow,
      misbehave: ({ start }) => (start > 3 * megabyte ? { headers: { etag: '"2"' } } : undefined),
    });
    await assert.rejects(
      harness.downloaded(url, { tuning: manyConnections }),
      isContentError('DownloadFailed', /the object changed while it was downloaded/),
    );
  });

  test('a size that is not the one that the store said', async () => {
    await assert.rejects(
      harness.downloaded(harness.put(), { size: 5 }),
      isContentError('DownloadFailed', /has 6000000 bytes instead of 5/),
    );
  });

  for (const [status, reason] of [
    [404, 'SnapshotNotFound'],
    [410, 'SnapshotNotFound'],
    [403, 'DownloadNotFound'],
    [401, 'DownloadNotFound'],
  ] as const) {
    test(`HTTP ${status}, at once`, async () => {
      const url = harness.put({ misbehave: () => ({ status }) });
      await assert.rejects(
        harness.downloaded(url),
        isContentError(reason, new RegExp(`HTTP ${status}`)),
      );
      assert.equal(harness.server.asked(url.pathname).length, 1);
    });
  }

  test('a host that nobody listens at', async () => {
    await assert.rejects(
      harness.downloaded(new URL('http://127.0.0.1:1/x')),
      isContentError('DownloadFailed', /ECONNREFUSED/),
    );
  });
});

test('messages never show a signature', async () => {
  const url = harness.put({ misbehave: () => ({ status: 500 }) });
  url.search = '?X-Amz-Signature=secret';
  await assert.rejects(harness.downloaded(url), (error: Error) => {
    assert.ok(!JSON.stringify([error.message, error.stack, error.cause]).includes('secret'));
    return true;
  });
});
