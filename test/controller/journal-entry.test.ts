import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseEntry, serializeEntry } from '../../src/controller/journal-entry.ts';
import { anyEntry, failed, running, succeeded } from './samples.ts';

test('what is written is read again', () => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      assert.deepEqual(parseEntry(serializeEntry(entry)), entry);
    }),
  );
});

test('what became of content later is read again', () => {
  for (const dirty of [true, false]) {
    const entry = { ...succeeded, dirty, removed: true, replaces: true } as const;
    assert.deepEqual(parseEntry(serializeEntry(entry)), entry);
  }
});

const written = JSON.parse(serializeEntry(succeeded)) as Record<string, unknown>;
const broken: [string, unknown][] = [
  ['of a version that is not known', { ...written, version: 2 }],
  ['without a version', { ...written, version: undefined }],
  ['in a state that is not known', { ...written, state: 'paused' }],
  ['without attempts', { ...written, attempts: undefined }],
  ['with a negative count', { ...written, failures: -1 }],
  ['with a time that is no number', { ...written, completionTime: '2026-01-01T00:00:00Z' }],
  ['with a flag that is no flag', { ...written, dirty: 'false' }],
  ['with a mark that is no flag', { ...written, removed: 1 }],
  ['with an empty path', { ...written, hostPath: '' }],
  ['with a source that is not known', { ...written, report: { ...succeeded.report, source: 'x' } }],
  ['without a report', { ...written, report: undefined }],
  ['that failed without an error', { ...written, state: 'failed', retryAt: 1 }],
  [
    'with a reason outside of the catalogue',
    { ...failed('DownloadFailed'), version: 1, error: { reason: 'X', message: '', attempt: 1 } },
  ],
  ['that is an array', [written]],
  ['that is null', null],
];

for (const [what, value] of broken) {
  test(`an entry ${what} is refused`, () => {
    assert.throws(() => parseEntry(JSON.stringify(value)), Error);
  });
}

test('an entry that was cut off anywhere is refused', () => {
  const text = serializeEntry(running).trimEnd();
  for (let length = 0; length < text.length; length += 1) {
    assert.throws(() => parseEntry(text.slice(0, length)), Error);
  }
});
