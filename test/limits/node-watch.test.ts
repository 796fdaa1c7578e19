import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { ContentError } from '../../src/api/errors.ts';
import { NodeWatch } from '../../src/controller/node-watch.ts';
import { FakeClock } from '../controller/fake-clock.ts';

const runcGone = new ContentError('RuncUnavailable', 'runc cannot be run');

function setUp() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const it = {
    clock,
    lines,
    looks: 0,
    look: async (): Promise<void> => await Promise.resolve(),
    stop: new AbortController(),
  };
  const check = async (): Promise<void> => {
    it.looks += 1;
    await it.look();
  };
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  return { it, watch: new NodeWatch({ engine: { check }, clock, log, everyMs: 10_000 }) };
}

test('a node counts as lacking something until it has been looked at', async () => {
  const { it, watch } = setUp();
  assert.match(watch.lack?.message ?? '', /not been looked at/);
  await watch.ready(async () => await Promise.resolve(), it.stop.signal);
  assert.equal(watch.lack, undefined);
});

test('what the node lacks is told until it is there, and what comes first is tried again', async () => {
  const { it, watch } = setUp();
  it.look = async () => await Promise.reject(runcGone);
  let prepared = 0;
  const ready = watch.ready(async () => {
    prepared += 1;
    if (prepared < 3) throw new Error('a leftover cannot be removed');
    await Promise.resolve();
  }, it.stop.signal);
  await it.clock.runUntil(() => it.looks === 4);
  assert.equal(watch.lack, runcGone);
  assert.equal(prepared, 0);
  it.look = async () => await Promise.resolve();
  await it.clock.runUntil(() => prepared === 1);
  assert.match(watch.lack?.message ?? '', /leftover/);
  assert.equal(watch.lack?.reason, 'SandboxFailed');
  await it.clock.runUntil(() => watch.lack === undefined);
  await ready;
  assert.equal(prepared, 3);
  // A line when something changes, not one a look.
  assert.equal(it.lines.length, 3, it.lines.join(''));
});

test('a node that loses something later is found out, and also that it has it again', async () => {
  const { it, watch } = setUp();
  await watch.ready(async () => await Promise.resolve(), it.stop.signal);
  const running = assert.rejects(watch.run(it.stop.signal));
  await it.clock.runUntil(() => it.looks === 3);
  assert.equal(it.clock.now(), 20_000);
  it.look = async () => await Promise.reject(runcGone);
  await it.clock.runUntil(() => watch.lack === runcGone);
  assert.equal(it.clock.now(), 30_000);
  it.look = async () => await Promise.resolve();
  await it.clock.runUntil(() => watch.lack === undefined);
  assert.ok(it.clock.now() <= 31_000, 'a node that lacks something is looked at more often');
  it.stop.abort();
  await running;
});

test('the end of each lack is told, and nothing else', async () => {
  const { it, watch } = setUp();
  const ends: number[] = [];
  watch.onLackEnded(() => ends.push(it.looks));
  it.look = async () => await Promise.reject(runcGone);
  const ready = watch.ready(async () => await Promise.resolve(), it.stop.signal);
  await it.clock.runUntil(() => it.looks === 2);
  assert.deepEqual(ends, []);
  it.look = async () => await Promise.resolve();
  await it.clock.runUntil(() => watch.lack === undefined);
  await ready;
  const running = assert.rejects(watch.run(it.stop.signal));
  await it.clock.runUntil(() => it.looks === 5);
  assert.deepEqual(ends, [3]);
  it.look = async () => await Promise.reject(runcGone);
  await it.clock.runUntil(() => it.looks === 7);
  it.look = async () => await Promise.resolve();
  await it.clock.runUntil(() => it.looks === 10);
  assert.deepEqual(ends, [3, 8]);
  it.stop.abort();
  await running;
});

test('an attempt that failed by the node has it looked at without delay', async () => {
  const { it, watch } = setUp();
  await watch.ready(async () => await Promise.resolve(), it.stop.signal);
  const running = assert.rejects(watch.run(it.stop.signal));
  it.look = async () => await Promise.reject(runcGone);
  watch.suspect();
  await it.clock.runUntil(() => watch.lack === runcGone);
  assert.equal(it.clock.now(), 0);
  it.stop.abort();
  await running;
});

test('an attempt that failed by the node during a look has another one follow without delay', async () => {
  const { it, watch } = setUp();
  await watch.ready(async () => await Promise.resolve(), it.stop.signal);
  const running = assert.rejects(watch.run(it.stop.signal));
  const going = Promise.withResolvers<void>();
  it.look = async () => await going.promise;
  await it.clock.runUntil(() => it.looks === 2);
  const since = it.clock.now();
  watch.suspect();
  it.look = async () => await Promise.reject(runcGone);
  going.resolve();
  await it.clock.runUntil(() => watch.lack === runcGone);
  assert.deepEqual([it.looks, it.clock.now()], [3, since]);
  it.look = async () => await Promise.resolve();
  await it.clock.runUntil(() => it.looks === 4);
  assert.ok(it.clock.now() > since, 'one suspicion, one look');
  it.stop.abort();
  await running;
});

test('a look that hangs is told, and does not hold up the end', async () => {
  const { it, watch } = setUp();
  const hung = Promise.withResolvers<void>();
  it.look = async () => await hung.promise;
  const ready = watch.ready(async () => await Promise.resolve(), it.stop.signal);
  await it.clock.runUntil(() => /file system/.test(watch.lack?.message ?? ''));
  assert.equal(it.looks, 1, 'one at a time');
  hung.resolve();
  await ready;
  assert.equal(watch.lack, undefined);

  it.look = async () => await new Promise(() => undefined);
  const running = assert.rejects(watch.run(it.stop.signal), /the end/);
  await it.clock.runUntil(() => it.looks === 2);
  it.stop.abort(new Error('the end'));
  let ended = false;
  void running.then(() => (ended = true));
  await it.clock.runUntil(() => ended);
  await running;
});
