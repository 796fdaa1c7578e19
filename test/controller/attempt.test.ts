import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { test } from 'node:test';
import { ContentError } from '../../src/api/errors.ts';
import { planContent } from '../../src/api/plan.ts';
import {
  type AttemptOrder,
  type AttemptParts,
  beginAttempt,
  carryOut,
} from '../../src/controller/attempt.ts';
import { Journal } from '../../src/controller/journal.ts';
import { createTempDir } from '../support/temp.ts';
import { FakeClock } from './fake-clock.ts';
import { destination, FakeEngine, quick } from './fake-engine.ts';
import { failed, sampleResource, uid } from './samples.ts';

const resource = sampleResource();
async function setUp() {
  const temp = await createTempDir();
  const clock = new FakeClock();
  clock.advance(1000);
  const engine = new FakeEngine();
  const journal = await Journal.open(temp.path, 0);
  const cancel = new AbortController();
  const parts: AttemptParts = {
    ...{ engine, journal, clock, stopping: new AbortController().signal },
    attemptBackoff: { baseMs: 1000, capMs: 8000 },
  };
  const order: AttemptOrder = {
    ...{ resource, destination, expected: 'empty', signal: cancel.signal },
    plan: planContent(resource, new Map()),
  };
  const attempt = async (changes: Partial<AttemptOrder> = {}) => {
    const changed = { ...order, ...changes };
    return await carryOut(parts, changed, await beginAttempt(parts, changed), () => undefined);
  };
  return {
    ...{ temp, clock, engine, journal, cancel, attempt },
    async [Symbol.asyncDispose]() {
      await temp.remove();
      assert.equal(engine.lockedBy, 0, 'a directory stays locked');
    },
  };
}

test('an attempt is in the journal as running before it starts, and as succeeded afterwards', async () => {
  await using it = await setUp();
  it.engine.outcome = async () => {
    const entry = (await Journal.open(it.temp.path, 0)).get(uid);
    assert.ok(entry !== undefined && entry !== 'unreadable');
    assert.deepEqual([entry.state, entry.attempts, entry.dirty], ['running', 1, true]);
    it.clock.advance(500);
    return quick;
  };
  const outcome = await it.attempt();
  assert.deepEqual(outcome, (await Journal.open(it.temp.path, 0)).get(uid));
  assert.ok(outcome.state === 'succeeded' && !outcome.dirty);
  assert.deepEqual([outcome.startTime, outcome.completionTime], [1000, 1500]);
  assert.deepEqual(it.engine.asked, ['prepare', 'run']);
});

for (const [what, outcome] of [
  ['has made the content', async () => await Promise.resolve(quick)],
  ['has failed', async () => await Promise.reject(new ContentError('GitFailed', 'in a way'))],
] as const) {
  test(`a directory is locked until the journal says that the attempt ${what}`, async () => {
    await using it = await setUp();
    const states: unknown[] = [];
    it.engine.outcome = outcome;
    it.engine.unlocked = async () => {
      const entry = (await Journal.open(it.temp.path, 0)).get(uid);
      states.push(entry === 'unreadable' ? entry : entry?.state);
    };
    const { state } = await it.attempt();
    assert.deepEqual(states, [state]);
  });
}

test("what came with a volume is not looked at, not cleared and nobody's remains", async () => {
  for (const expected of ['empty', 'remains', 'given-up'] as const) {
    await using it = await setUp();
    it.engine.outcome = async () => await Promise.reject(new ContentError('GitFailed', 'in a way'));
    const plan = { ...planContent(resource, new Map()), provided: true } as const;
    const outcome = await it.attempt({ plan, expected });
    assert.deepEqual([outcome.state, outcome.dirty], ['failed', false]);
    assert.deepEqual(it.engine.asked, ['prepare', 'run']);
  }
});

test('what came with a volume may have been made already where the journal has nothing on it', async () => {
  await using it = await setUp();
  const plan = { ...planContent(resource, new Map()), provided: true } as const;
  const tried = { ...resource, status: { phase: 'Ready', attempts: 1 } } as const;
  it.engine.files = ['work'];
  await assert.rejects(it.attempt({ plan, resource: tried }), { reason: 'JournalUnreadable' });
  assert.deepEqual(it.engine.asked, ['prepare', 'undo']);
  it.engine.files = [];
  assert.equal((await it.attempt({ plan, resource: tried })).state, 'succeeded');
});

test('a directory that holds something is refused before anything is written', async () => {
  await using it = await setUp();
  it.engine.files = ['work'];
  await assert.rejects(it.attempt(), { reason: 'PathNotEmpty' });
  assert.equal(it.journal.get(uid), undefined);
  assert.deepEqual(it.engine.asked, ['prepare', 'undo']);
});

for (const expected of ['remains', 'given-up'] as const) {
  test(`what is expected as ${expected} is removed by the run itself`, async () => {
    await using it = await setUp();
    it.engine.files = ['half'];
    await it.attempt({ expected });
    assert.deepEqual(it.engine.asked, ['prepare', 'run on a clean slate']);
  });
}

test('a failed attempt leaves nothing, counts, and waits longer each time', async () => {
  await using it = await setUp();
  it.engine.outcome = async () => await Promise.reject(new ContentError('DownloadFailed', 'away'));
  const waits: number[] = [];
  for (const attempts of [1, 2, 3]) {
    const outcome = await it.attempt();
    assert.ok(outcome.state === 'failed' && !outcome.dirty);
    assert.deepEqual([outcome.attempts, outcome.failures], [attempts, attempts]);
    waits.push(outcome.retryAt - outcome.completionTime);
  }
  assert.deepEqual(waits, [750, 1500, 3000]);
  assert.deepEqual(it.engine.asked.slice(0, 4), ['prepare', 'run', 'clear', 'undo']);
});

test('an attempt that a suspend ended is no failure', async () => {
  await using it = await setUp();
  it.engine.outcome = async () => await Promise.reject(new ContentError('Cancelled', 'suspended'));
  const outcome = await it.attempt();
  assert.ok(outcome.state === 'failed');
  assert.deepEqual([outcome.attempts, outcome.failures, outcome.dirty], [1, 0, false]);
});

test('an interrupted attempt is not cleaned up by the daemon that is to end', async () => {
  await using it = await setUp();
  it.engine.outcome = async () => await Promise.reject(new ContentError('Interrupted', 'SIGTERM'));
  const outcome = await it.attempt();
  assert.ok(outcome.state === 'failed' && outcome.dirty && outcome.retryAt === 1000);
  assert.deepEqual(it.engine.asked, ['prepare', 'run']);
});

for (const [reason, by] of [
  ['Interrupted', 'SIGTERM'],
  ['SandboxFailed', 'a kill of runc'],
  ['LimitExceeded', 'the kernel, for want of memory'],
] as const) {
  test(`an attempt that is ended after its ready file by ${by} has succeeded`, async () => {
    await using it = await setUp();
    it.engine.outcome = async () => {
      it.engine.readySince = it.clock.now();
      return await Promise.reject(new ContentError(reason, by));
    };
    assert.equal((await it.attempt()).state, 'succeeded');
    assert.deepEqual(it.engine.asked, ['prepare', 'run']);
  });
}

test('a failed attempt has failed, whatever lies in its content', async () => {
  await using it = await setUp();
  it.engine.outcome = async () => {
    it.engine.readySince = it.clock.now();
    return await Promise.reject(new ContentError('DigestMismatch', 'another'));
  };
  assert.equal((await it.attempt()).state, 'failed');
  assert.deepEqual(it.engine.asked, ['prepare', 'run', 'clear', 'undo']);
});

test('what is no ContentError is an InternalError', async () => {
  await using it = await setUp();
  it.engine.outcome = async () => await Promise.reject(new TypeError('x is undefined'));
  const outcome = await it.attempt();
  assert.ok(outcome.state === 'failed' && outcome.error.reason === 'InternalError');
});

test('a resource that was withdrawn before the start leaves no trace', async () => {
  await using it = await setUp();
  it.cancel.abort(new ContentError('Cancelled', 'deleted'));
  await assert.rejects(it.attempt(), { reason: 'Cancelled' });
  assert.equal(it.journal.get(uid), undefined);
  assert.deepEqual(it.engine.asked, ['prepare', 'undo']);
});

test('remains of a resource that is gone are nobody’s once another one has the directory', async () => {
  await using it = await setUp();
  const ghost = failed('Interrupted', {
    uid: 'ghost',
    dirty: true,
    hostPath: `${destination}/sub`,
  });
  const upon = {
    ...failed('GitFailed', { uid: 'upon', hostPath: destination }),
    provided: true,
  } as const;
  const stranger = failed('Interrupted', { uid: 'stranger', dirty: true, hostPath: '/data/else' });
  await it.journal.write(ghost);
  await it.journal.write(upon);
  await it.journal.write(stranger);
  await it.attempt();
  const journal = await Journal.open(it.temp.path, 0);
  assert.deepEqual(journal.get('ghost'), { ...ghost, dirty: false });
  const { provided: _, ...given } = upon;
  assert.deepEqual(journal.get('upon'), given);
  assert.deepEqual(journal.get('stranger'), stranger);
});

test('a journal that cannot be written stops the attempt before it starts', async () => {
  await using it = await setUp();
  await mkdir(it.temp.join(`${uid}.json.tmp`, 'x'), { recursive: true });
  await assert.rejects(it.attempt(), { reason: 'StateUnwritable' });
  assert.deepEqual(it.engine.asked, ['prepare', 'undo']);
});

test('a success that the journal does not take is remembered until it does', async () => {
  await using it = await setUp();
  it.engine.outcome = async () => {
    await mkdir(it.temp.join(`${uid}.json.tmp`, 'x'), { recursive: true });
    return quick;
  };
  await assert.rejects(it.attempt(), { reason: 'StateUnwritable' });
  const remembered = it.journal.get(uid);
  assert.ok(remembered !== undefined && remembered !== 'unreadable');
  assert.equal(remembered.state, 'succeeded');
  await assert.rejects(it.journal.settle(uid), ContentError);
  await rm(it.temp.join(`${uid}.json.tmp`), { recursive: true });
  await it.journal.settle(uid);
  assert.deepEqual((await Journal.open(it.temp.path, 0)).get(uid), remembered);
});
