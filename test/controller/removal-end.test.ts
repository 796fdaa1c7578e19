/** The daemon is to end while it looks whether what an unfinished attempt left is that attempt's alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { planContent } from '../../src/api/plan.ts';
import { assertAsExpected } from '../../src/controller/former-content.ts';
import { GoneResources } from '../../src/controller/gone-resources.ts';
import { Journal } from '../../src/controller/journal.ts';
import { PathClaims } from '../../src/controller/path-claims.ts';
import { removeLastRemains } from '../../src/controller/remains.ts';
import type { Period } from '../../src/controller/untouched.ts';
import { createTempDir } from '../support/temp.ts';
import { FakeClock } from './fake-clock.ts';
import { destination, FakeEngine } from './fake-engine.ts';
import { failed, sampleResource, uid } from './samples.ts';

const remains = failed('Interrupted', { dirty: true });

/** An engine that is told of the end while it looks. */
class EndingEngine extends FakeEngine {
  readonly end = new AbortController();

  override async isUntouched(path: string, period: Period, signal: AbortSignal): Promise<boolean> {
    this.end.abort(new Error('the end'));
    return await super.isUntouched(path, period, signal);
  }
}

async function setUp() {
  const temp = await createTempDir();
  const journal = await Journal.open(temp.path, 0);
  await journal.write(remains);
  const engine = new EndingEngine();
  const parts = {
    ...{ engine, journal, clock: new FakeClock(), log: pino({ level: 'silent' }) },
    claims: new PathClaims(journal.entries(), () => false),
    ...{ store: { hasUid: () => false }, runs: { hasUid: () => false } },
    attemptBackoff: { baseMs: 1, capMs: 1 },
    stopping: engine.end.signal,
  };
  return { engine, journal, parts, [Symbol.asyncDispose]: async () => await temp.remove() };
}

type Given = Awaited<ReturnType<typeof setUp>>;

const removals = [
  [
    'its resource is gone',
    async ({ parts }: Given) => {
      const gone = new GoneResources(parts);
      for (const key of gone.listed()) await gone.tidy(key);
    },
  ],
  [
    'its resource gets no other attempt',
    async ({ parts }: Given) => await assert.rejects(removeLastRemains(parts, remains), /the end/),
  ],
  [
    'another resource is about to have its directory',
    async ({ parts }: Given) => {
      const resource = sampleResource({}, { uid: 'other' });
      const plan = planContent(resource, new Map());
      const order = { resource, plan, destination, signal: parts.stopping } as const;
      const made = assertAsExpected(parts, { ...order, expected: 'empty' }, undefined);
      await assert.rejects(made, /the end/);
    },
  ],
] as const;

for (const [when, remove] of removals) {
  test(`what an attempt left stays for the next daemon when ${when}`, async () => {
    await using given = await setUp();
    await remove(given);
    assert.ok(given.parts.stopping.aborted);
    assert.deepEqual([given.engine.asked, given.journal.get(uid)], [[], remains]);
  });
}
