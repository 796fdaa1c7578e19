import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { followHttpTrace } from '../../../src/child/git/http-trace.ts';

const trace = (...headers: string[]): string =>
  headers
    .map((header) => `10:00:00.1 http.c:684              <= Recv header: ${header}\n`)
    .join('');

describe("git's trace of HTTP", () => {
  const cases: [name: string, text: string, expected: number | undefined][] = [
    ['names a wait', trace('HTTP/1.1 429 Too Many', 'Retry-After: 3 '), 3000],
    ['names it in HTTP/2', trace('HTTP/2 429', 'retry-after: 3'), 3000],
    [
      'names a date',
      trace(
        'HTTP/1.1 503 x',
        'Date: Mon, 23 Nov 2026 10:00:00 GMT',
        'Retry-After: Mon, 23 Nov 2026 10:00:09 GMT',
      ),
      9000,
    ],
    [
      'names none in the last answer',
      trace('HTTP/1.1 429 x', 'Retry-After: 3', 'HTTP/1.1 200 OK', 'Date: x'),
      undefined,
    ],
    [
      'is not taken in by what git sends',
      '10:00:00.1 http.c:684              => Send header: Retry-After: 9\n',
      undefined,
    ],
    [
      'is not taken in by a long line',
      `${trace('HTTP/1.1 200 OK')}${'x'.repeat(99_999)}`,
      undefined,
    ],
  ];
  for (const [name, text, expected] of cases) {
    test(name, () => {
      const whole = followHttpTrace();
      whole.hear(text);
      assert.equal(whole.retryAfterMs(), expected);

      const inPieces = followHttpTrace();
      for (const piece of text.match(/[^]{1,7}/g) ?? []) inPieces.hear(piece);
      assert.equal(inPieces.retryAfterMs(), expected);
    });
  }
});
