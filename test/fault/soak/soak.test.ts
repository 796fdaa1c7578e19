/** A small part of `make soak`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lacks } from '../../support/requirements.ts';
import { describeSoak, judgeSoak } from './report.ts';
import { soak } from './waves.ts';

test(
  'a daemon takes no more after some waves of resources than after the first',
  { skip: lacks('root', 'runc', 'git', 'setpriv') },
  async () => {
    const sizes = { waves: 2, perWave: 8, settleMs: 0, idleMs: 1000 };
    const result = await soak({ ...sizes, tell: () => undefined });
    const lines = judgeSoak(result, { memory: false });
    assert.ok(
      lines.every(({ held }) => held),
      `${describeSoak(lines)}\n${result.surprises.join('\n')}`,
    );
  },
);
