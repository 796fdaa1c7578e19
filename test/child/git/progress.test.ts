import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isChatter, parseGitProgress } from '../../../src/child/git/progress.ts';

const lines = [
  [
    'Receiving objects:  42% (420/1000), 1.50 MiB | 2.30 MiB/s',
    { phase: 'Receiving objects', percent: 42, bytes: 1_572_864 },
  ],
  [
    'Receiving objects: 100% (7/7), 612 bytes | 612.00 KiB/s, done.',
    { phase: 'Receiving objects', percent: 100, bytes: 612 },
  ],
  ['Receiving objects:   0% (1/4549)', { phase: 'Receiving objects', percent: 0 }],
  ['remote: Counting objects:  50% (5/10)', { phase: 'Counting objects', percent: 50 }],
  ['Resolving deltas: 100% (3/3), done.', { phase: 'Resolving deltas', percent: 100 }],
  ['Updating files:   7% (70/1000)', { phase: 'Updating files', percent: 7 }],
  ['Receiving objects: 999% (9/1)', { phase: 'Receiving objects', percent: 100 }],
  ['remote: Selling things:  50% (5/10)', undefined],
  ['remote: Enumerating objects: 4549, done.', undefined],
  ['fatal: Receiving objects:  42% (420/1000)', undefined],
  ['', undefined],
] as const;

describe("git's progress", () => {
  for (const [line, expected] of lines) {
    test(JSON.stringify(line), () => assert.deepEqual(parseGitProgress(line), expected));
  }

  test('lines that explain no failure are chatter', () => {
    for (const line of [
      "Cloning into 'x'...",
      'remote: Enumerating objects: 4, done.',
      'remote: Total 4 (delta 0)',
      '',
    ]) {
      assert.equal(isChatter(line), true, line);
    }
    for (const line of ['fatal: no', 'remote: Repository not found.', 'warning: empty']) {
      assert.equal(isChatter(line), false, line);
    }
  });
});
