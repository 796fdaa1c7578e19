import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatBytes } from '../../src/cli/run/bytes.ts';
import { createProgressView } from '../../src/cli/run/progress.ts';
import { Collector } from './support/invoke.ts';

describe('progress of a run', () => {
  test('on a terminal one line is drawn over, and taken away at the end', () => {
    const output = new Collector(true);
    let now = 0;
    const view = createProgressView(output, () => now);
    view.show({ step: 'git', phase: 'Receiving objects', percent: 50 });
    now = 20;
    view.show({ step: 'git', phase: 'Receiving objects', percent: 51 });
    now = 200;
    view.show({ step: 'download', bytes: 1024, totalBytes: 4096 });
    view.end();
    assert.deepEqual(output.text.split('\r\u001B[K'), [
      '',
      '[############............] git: Receiving objects 50%',
      '[######..................] download: 25% 1.0 KiB of 4.0 KiB',
      '',
    ]);
  });

  test('elsewhere a line is written for each phase, and every five seconds', () => {
    const output = new Collector();
    let now = 0;
    const view = createProgressView(output, () => now);
    for (const [at, percent] of [
      [0, 1],
      [4000, 40],
      [5000, 50],
      [6000, 60],
    ] as const) {
      now = at;
      view.show({ step: 'git', phase: 'Receiving objects', percent });
    }
    view.show({ step: 'git', phase: 'Updating files' });
    view.end();
    assert.equal(
      output.text,
      'git: Receiving objects 1%\ngit: Receiving objects 50%\ngit: Updating files\n',
    );
  });
});

test('bytes are shown with about three digits', () => {
  const cases = [
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1.0 KiB'],
    [130_000, '127 KiB'],
    [5 * 1024 ** 3, '5.0 GiB'],
  ] as const;
  for (const [bytes, shown] of cases) assert.equal(formatBytes(bytes), shown);
});
