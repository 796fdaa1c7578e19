/** While something is removed, its place is nobody's, also when its resource leaves the store meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { type DeletionParts, finishDeletion } from '../../src/controller/deletion.ts';
import type { JournalEntry } from '../../src/controller/journal-entry.ts';
import { Journal } from '../../src/controller/journal.ts';
import { PathClaims } from '../../src/controller/path-claims.ts';
import { removeLastRemains } from '../../src/controller/remains.ts';
import { createTempDir } from '../support/temp.ts';
import { FakeEngine } from './fake-engine.ts';
import { failed, sampleResource, succeeded, uid } from './samples.ts';

const rival = { uid: 'rival', namespace: 'default', name: 'rival', hostPath: succeeded.hostPath };
const remains = failed('Interrupted', { dirty: true });
const { signal: stopping } = new AbortController();

/** An engine whose removals, where that is asked for, go on until they are told to end. */
class SlowEngine extends FakeEngine {
  readonly begun = Promise.withResolvers<void>();
  readonly end = Promise.withResolvers<void>();
  isSlow = false;
  isLocked = false;

  override async lock(): Promise<AsyncDisposable | undefined> {
    return this.isLocked ? undefined : await super.lock();
  }
  override async remove(): Promise<void> {
    await super.remove();
    this.begun.resolve();
    if (this.isSlow) await this.end.promise;
  }
  override async clear(): Promise<void> {
    await super.clear();
    this.begun.resolve();
    if (this.isSlow) await this.end.promise;
  }
}

async function setUp(entry: JournalEntry) {
  const temp = await createTempDir();
  const journal = await Journal.open(temp.path, 0);
  await journal.write(entry);
  const live = new Set([uid]);
  const claims = new PathClaims(journal.entries(), (each) => live.has(each));
  const engine = new SlowEngine();
  const nothing = async (): Promise<void> => await Promise.resolve();
  const parts = {
    ...{ engine, journal, claims, stopping, log: pino({ level: 'silent' }) },
    finalizers: { set: nothing },
    reporter: { report: nothing, announce: () => undefined },
  };
  return {
    ...{ temp, journal, live, claims, engine },
    // Of finalizers and reporter it takes no more than that.
    parts: parts as unknown as DeletionParts & typeof parts,
    [Symbol.asyncDispose]: async () => await temp.remove(),
  };
}

const removals = [
  [
    'the directory of a resource that is deleted',
    succeeded,
    async ({ parts }: Awaited<ReturnType<typeof setUp>>) =>
      await finishDeletion(parts, sampleResource(), { kind: 'remove', entry: succeeded }, true),
  ],
  [
    'what the last attempt left',
    remains,
    async ({ parts }: Awaited<ReturnType<typeof setUp>>) => await removeLastRemains(parts, remains),
  ],
] as const;

for (const [what, entry, remove] of removals) {
  test(`while ${what} is removed, another resource does not get its place`, async () => {
    await using given = await setUp(entry);
    const { engine, live, claims } = given;
    engine.isSlow = true;
    const removed = remove(given);
    await engine.begun.promise;
    live.add('rival').delete(uid);
    assert.equal(claims.claim(rival)?.uid, uid);
    engine.end.resolve();
    await removed;
    assert.equal(claims.claim(rival), undefined);
  });
}

test('remains where another resource is by now are left to it', async () => {
  await using given = await setUp(remains);
  given.live.add('rival').delete(uid);
  given.claims.claim(rival);
  await removeLastRemains(given.parts, remains);
  assert.deepEqual([given.engine.asked, given.journal.get(uid)], [[], remains]);
});

test('remains where another process is at work stay for now', async () => {
  await using given = await setUp(remains);
  given.engine.isLocked = true;
  await removeLastRemains(given.parts, remains);
  assert.deepEqual([given.engine.asked, given.journal.get(uid)], [[], remains]);
});
