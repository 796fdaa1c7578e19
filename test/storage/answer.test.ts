import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, interpret } from '../../src/storage/answer.ts';
import type { StorageAnswer } from '../../src/storage/http.ts';

const answer = (status: number, code = '', headers = {}): StorageAnswer => ({
  status,
  headers,
  body:
    code && `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>words</Message></Error>`,
});
const listBucket =
  '; a store also says so of an object that does not exist, when the credentials lack s3:ListBucket';
const now = Date.parse('2026-01-01T12:00:00Z');
const elsewhere = { 'x-amz-bucket-region': 'eu-west-1' };

test('an object is there with what the store says about it', () => {
  const table: [headers: StorageAnswer['headers'], object: object][] = [
    [
      { 'content-length': '0', etag: '"a-2"' },
      { size: 0, etag: '"a-2"' },
    ],
    [{ 'content-length': '5368709120' }, { size: 5_368_709_120 }],
    [{}, {}],
    [{ 'content-length': '-1', etag: ['"a"', '"b"'] }, {}],
    [{ 'content-length': '99999999999999999999' }, {}],
  ];
  for (const [headers, object] of table) {
    assert.deepEqual(interpret({ ...answer(200), headers }, undefined, 0), {
      kind: 'found',
      object,
    });
  }
});

test('what other answers mean', () => {
  const table: [get: StorageAnswer, meaning: Answer][] = [
    [answer(404, 'NoSuchKey'), { kind: 'missing' }],
    [answer(404, 'NoSuchBucket'), { kind: 'missing' }],
    [answer(404), { kind: 'unavailable', why: 'status 404, which is no answer of an S3 server' }],
    [answer(403, 'AccessDenied'), { kind: 'refused', why: `AccessDenied${listBucket}` }],
    [answer(403), { kind: 'refused', why: `status 403${listBucket}` }],
    [answer(403, 'InvalidAccessKeyId'), { kind: 'refused', why: 'InvalidAccessKeyId' }],
    [answer(403, 'SignatureDoesNotMatch'), { kind: 'refused', why: 'SignatureDoesNotMatch' }],
    [answer(404, 'NoSuchUser'), { kind: 'refused', why: 'NoSuchUser' }],
    [
      answer(403, 'RequestTimeTooSkewed', { date: 'Thu, 01 Jan 2026 11:00:00 GMT' }),
      {
        kind: 'refused',
        why: "RequestTimeTooSkewed; the node's clock is 60 minutes ahead of the store's",
      },
    ],
    [
      answer(403, 'AccessDenied', { date: 'Thu, 01 Jan 2026 12:11:00 GMT' }),
      { kind: 'refused', why: "AccessDenied; the node's clock is 11 minutes behind the store's" },
    ],
    [
      answer(403, 'AccessDenied', { date: 'Thu, 01 Jan 2026 12:01:00 GMT' }),
      { kind: 'refused', why: `AccessDenied${listBucket}` },
    ],
    [
      answer(301, 'PermanentRedirect', elsewhere),
      { kind: 'refused', why: 'PermanentRedirect; the bucket lies in the region eu-west-1' },
    ],
    [answer(400, 'ExpiredToken'), { kind: 'refused', why: 'ExpiredToken' }],
    [answer(400), { kind: 'unavailable', why: 'status 400, which is no answer of an S3 server' }],
    [answer(302), { kind: 'unavailable', why: 'status 302, which is no answer of an S3 server' }],
    [answer(503, 'SlowDown'), { kind: 'unavailable', why: 'it answers SlowDown' }],
    [answer(429), { kind: 'unavailable', why: 'it answers status 429' }],
    [answer(500, '<script>'), { kind: 'unavailable', why: 'it answers status 500' }],
    [answer(206), { kind: 'unavailable', why: 'it answers status 403 to HEAD, 206 to GET' }],
  ];
  for (const [get, meaning] of table) {
    assert.deepEqual(interpret(answer(403), get, now), meaning, `${get.status} ${get.body}`);
  }
});
