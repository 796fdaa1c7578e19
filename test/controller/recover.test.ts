/** What becomes of an attempt that the journal says is running and nobody watches. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Journal } from '../../src/controller/journal.ts';
import type { RunningEntry } from '../../src/controller/journal-entry.ts';
import { recover } from '../../src/controller/recovery.ts';
import { createTempDir } from '../support/temp.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeEngine } from './fake-engine.ts';
import { running } from './samples.ts';

const cases: [what: string, changes: Partial<RunningEntry>, isReady: boolean, outcome: string][] = [
  ['with a ready file', {}, true, 'succeeded false'],
  ['without one', {}, false, 'failed true'],
  ['on a volume with a ready file', { dirty: false, provided: true }, true, 'succeeded false'],
  ['on a volume without one', { dirty: false, provided: true }, false, 'failed false'],
  ['whose directory is another resource’s by now', { dirty: false }, true, 'failed false'],
];

for (const [what, changes, isReady, outcome] of cases) {
  test(`an attempt ${what} is ${outcome.split(' ')[0]}`, async () => {
    await using temp = await createTempDir();
    const journal = await Journal.open(temp.path, 0);
    const entry = { ...running, dirty: true, ...changes };
    await journal.write(entry);
    const engine = new FakeEngine();
    if (isReady) engine.readySince = entry.startTime;
    const parts = {
      ...{ engine, journal, clock: new FakeClock(), log: pino({ level: 'silent' }) },
      attemptBackoff: { baseMs: 1, capMs: 1 },
    };
    await recover(parts, entry);
    const after = journal.get(entry.uid);
    assert.ok(typeof after === 'object');
    assert.equal(`${after.state} ${after.dirty}`, outcome);
    assert.deepEqual((await Journal.open(temp.path, 0)).get(entry.uid), after);
  });
}
