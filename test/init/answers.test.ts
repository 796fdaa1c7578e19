import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isErrorReason } from '../../src/api/errors.ts';
import { metricTypes, sources } from '../../src/api/protocol.ts';
import { parseFailure, parseProgress, parseReport } from '../../src/init/answers.ts';
import { createCleaner } from '../../src/init/clean.ts';

const cleaner = createCleaner(['s3cr3t-value']);
const whole = (text: string) => ({ text, cut: false });
const json = (value: unknown) => whole(JSON.stringify(value));

/** Anything that a hostile program may write: noise, JSON of any shape, and answers with wrong values. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc
    .record(
      {
        reason: fc.oneof(fc.constantFrom('GitFailed', 'constructor', '__proto__'), fc.jsonValue()),
        message: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
        step: fc.jsonValue(),
        source: fc.oneof(fc.constantFrom('from-other', 'from-nowhere'), fc.jsonValue()),
        metrics: fc.oneof(
          fc.array(
            fc.record({
              path: fc.string(),
              type: fc.constantFrom('git', 'evil'),
              duration: fc.oneof(fc.integer(), fc.double()),
              size: fc.jsonValue(),
            }),
          ),
          fc.jsonValue(),
        ),
        warnings: fc.oneof(fc.array(fc.string({ unit: 'binary' })), fc.jsonValue()),
        bytes: fc.oneof(fc.double(), fc.jsonValue()),
        percent: fc.oneof(fc.double(), fc.jsonValue()),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
);

test('a failure has the reason, message and step that the child gave', () => {
  const error = parseFailure(
    json({ reason: 'GitRefNotFound', message: 'no branch a%20b', step: 'composite[1].git' }),
    cleaner,
  );
  assert.deepEqual(
    [error.reason, error.message, error.step],
    ['GitRefNotFound', 'no branch a%20b', 'composite[1].git'],
  );
});

test('a failure in plain text is that text', () => {
  const error = parseFailure(whole('cannot clone http://host/a%20b: %s\n'), cleaner);
  assert.deepEqual(
    [error.reason, error.message, error.step],
    ['InternalError', 'cannot clone http://host/a%20b: %s', undefined],
  );
});

for (const said of [
  '',
  ' \n',
  '{}',
  '{"reason":"GitFailed"}',
  '{"message":""}',
  '{"message":7}',
  '{"reason":"GitFailed","mess',
  '\0\u0007',
]) {
  test(`a failure that says ${JSON.stringify(said)} is one, and says that it could not be read`, () => {
    const error = parseFailure(whole(said), cleaner);
    assert.match(error.message, /^failed to read content initializer response/);
  });
}

test('a reason that is not in the catalogue is an internal error', () => {
  for (const reason of ['Whatever', 'constructor', '__proto__', 7, null]) {
    assert.equal(
      parseFailure(json({ reason, message: 'it failed' }), cleaner).reason,
      'InternalError',
    );
  }
});

test('a failure that was cut off keeps its beginning', () => {
  const error = parseFailure({ text: 'x'.repeat(65_536), cut: true }, cleaner);
  assert.match(error.message, /^x{1000,}…$/);
});

test('secrets are redacted in every text of an answer', () => {
  const text = 'with s3cr3t-value';
  const failure = parseFailure(json({ message: text, step: text }), cleaner);
  const report = parseReport(
    json({
      source: 'from-other',
      metrics: [{ path: text, type: 'git', duration: 1, size: 1 }],
      warnings: [text],
    }),
    cleaner,
  );
  const progress = parseProgress(JSON.stringify({ step: text, phase: text }), cleaner);
  const everything = JSON.stringify([failure.message, failure.step, report, progress]);
  assert.equal(everything.match(/with \[redacted\]/g)?.length, 6);
  assert.doesNotMatch(everything, /s3cr3t/);
});

test('a report has its source, its metrics and its warnings', () => {
  const report = {
    source: 'from-prebuild',
    metrics: [{ path: 'prebuild', type: 'prebuild', duration: 12, size: 0 }],
    warnings: ['a submodule is missing'],
  };
  assert.deepEqual(parseReport(json(report), cleaner), report);
});

for (const said of ['', 'nonsense', '[]', 'null', '7', '{"source":']) {
  test(`a report that says ${JSON.stringify(said)} is an empty one with a warning`, () => {
    const report = parseReport(whole(said), cleaner);
    assert.deepEqual(report, {
      source: 'from-other',
      metrics: [],
      warnings: ['the metrics of the run could not be read'],
    });
  });
}

test('rows that are no metrics are left out with a warning', () => {
  const good = { path: 'git', type: 'git', duration: 1, size: 2 };
  const bad = [
    { ...good, duration: -1 },
    { ...good, duration: 1.5 },
    { ...good, size: '2' },
    { ...good, size: 1e300 },
    { ...good, type: 'other' },
    { ...good, path: '' },
    null,
    [],
  ];
  assert.deepEqual(
    parseReport(json({ source: 'from-other', metrics: [good, ...bad], warnings: [] }), cleaner),
    {
      source: 'from-other',
      metrics: [good],
      warnings: ['8 of 9 metrics of the run could not be read'],
    },
  );
});

test('a report has no more rows and warnings than the status takes', () => {
  const row = { path: 'x'.repeat(1000), type: 'git', duration: 1, size: 2 };
  const said = {
    source: 'from-other',
    metrics: Array.from({ length: 1000 }, () => row),
    warnings: Array(100).fill('w'.repeat(9000)),
  };
  const report = parseReport(json(said), cleaner);
  assert.equal(report.metrics.length, 256);
  assert.equal(report.metrics[0]?.path.length, 256);
  assert.equal(report.warnings.length, 16);
  assert.equal(report.warnings[1]?.length, 2048);
});

test('progress has what it holds of use', () => {
  const cases = [
    [
      { step: 'git', phase: 'Receiving objects', percent: 12.5 },
      { step: 'git', phase: 'Receiving objects', percent: 12.5 },
    ],
    [
      { step: 'download', bytes: 1, totalBytes: 2, more: 3 },
      { step: 'download', bytes: 1, totalBytes: 2 },
    ],
    [{ step: 'git', phase: 7, bytes: -1, totalBytes: 1.5, percent: 101 }, { step: 'git' }],
    [{ phase: 'no step' }, undefined],
    ['text', undefined],
  ];
  for (const [said, expected] of cases) {
    assert.deepEqual(parseProgress(JSON.stringify(said), cleaner), expected);
  }
});

test('whatever the child writes, answers are within the bounds of the status', () => {
  fc.assert(
    fc.property(hostile, fc.boolean(), (text, cut) => {
      const failure = parseFailure({ text, cut }, cleaner);
      assert.ok(
        isErrorReason(failure.reason) && failure.message !== '' && failure.message.length <= 20_000,
      );
      const report = parseReport({ text, cut }, cleaner);
      assert.ok(sources.includes(report.source));
      for (const { type, duration, size } of report.metrics) {
        assert.ok(
          metricTypes.includes(type) &&
            Number.isSafeInteger(duration) &&
            duration >= 0 &&
            Number.isSafeInteger(size) &&
            size >= 0,
        );
      }
      const progress = parseProgress(text, cleaner);
      assert.ok(progress === undefined || progress.step.length <= 256);
    }),
    { numRuns: 500 },
  );
});
