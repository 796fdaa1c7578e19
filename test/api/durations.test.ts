import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../src/api/durations.ts';
import { ContentError } from '../../src/api/errors.ts';

test('a duration is printed as Go prints it, rounded for people', () => {
  const table: [nanoseconds: number, text: string][] = [
    [0, '0s'],
    [-5, '0s'],
    [400, '1µs'],
    [850_000, '850µs'],
    [35_400_000, '35ms'],
    [999_400_000, '999ms'],
    [999_600_000, '1s'],
    [1_234_000_000, '1.2s'],
    [59_960_000_000, '1m0s'],
    [90_500_000_000, '1m30.5s'],
    [3_600_000_000_000, '1h0m0s'],
  ];
  for (const [nanoseconds, text] of table) assert.equal(formatDuration(nanoseconds), text);
});

test('a duration is read in hours, minutes, seconds and milliseconds', () => {
  const table: [text: string, ms: number][] = [
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['250ms', 250],
  ];
  for (const [text, ms] of table) assert.equal(parseDuration(text), ms);
});

test('anything else is refused by the name of its field', () => {
  for (const text of ['', '10', 's', '1d', '1 s', '-1s', '1s ', 'x1s']) {
    assert.throws(
      () => parseDuration(text, 'spec.timeout'),
      (error) =>
        error instanceof ContentError &&
        error.reason === 'InvalidSpec' &&
        error.message.startsWith('spec.timeout: '),
      text,
    );
  }
});

test('from a tenth of a second on, what is printed reads back within a twentieth of a second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100_000_000, max: 1e14 }), (nanoseconds) => {
      const back = parseDuration(formatDuration(nanoseconds)) * 1e6;
      assert.ok(Math.abs(back - nanoseconds) <= 5.1e7, `${nanoseconds} came back as ${back}`);
    }),
  );
});
