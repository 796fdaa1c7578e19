import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ContentProgress } from '../../src/api/protocol.ts';
import { createAnswers } from '../../src/child/answers.ts';
import { limitRate, type Report } from '../../src/child/progress.ts';

const fds = { error: 3, metrics: 4, progress: 5 };

describe('answers', () => {
  test('go out whole through a pipe that takes little and is full now and then', () => {
    let out = '';
    let calls = 0;
    const write = (fd: number, data: Uint8Array): number => {
      calls += 1;
      if (calls % 3 === 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
      const taken = data.subarray(0, 5);
      out += `${fd}${Buffer.from(taken).toString('latin1')}`;
      return taken.length;
    };
    const failure = { reason: 'GitFailed', message: 'a message' } as const;
    createAnswers(fds, write).failure(failure);
    assert.deepEqual(JSON.parse(out.replaceAll('3', '')), failure);
  });

  test('are no reason to fail when nobody reads them', () => {
    let calls = 0;
    const answers = createAnswers(fds, () => {
      calls += 1;
      throw Object.assign(new Error('gone'), { code: 'EPIPE' });
    });
    answers.report({ source: 'from-other', metrics: [], warnings: [] });
    answers.progress({ step: 'git' });
    answers.progress({ step: 'git' });
    assert.equal(calls, 2);
  });
});

describe('progress', () => {
  test('comes at most five times a second, but for the first word of a step', () => {
    const { passed, at } = limited();
    for (let ms = 0; ms < 1000; ms += 10) {
      at(ms)({ step: ms < 500 ? 'composite[0].git' : 'composite[1].git', bytes: ms });
    }
    assert.deepEqual(
      passed.map(({ bytes }) => bytes),
      [0, 200, 400, 500, 700, 900],
    );
  });

  test('of a step that is complete comes at once, and once', () => {
    const { passed, at } = limited();
    for (const bytes of [1, 5, 10, 10]) at(bytes)({ step: 'snapshot', bytes, totalBytes: 10 });
    assert.deepEqual(
      passed.map(({ bytes }) => bytes),
      [1, 10],
    );
  });
});

function limited(): { passed: ContentProgress[]; at: (ms: number) => Report } {
  let now = 0n;
  const passed: ContentProgress[] = [];
  const report = limitRate((progress) => passed.push(progress), {
    now: () => now,
    sleep: async () => undefined,
  });
  const at = (ms: number): Report => {
    now = BigInt(ms) * 1_000_000n;
    return report;
  };
  return { passed, at };
}
