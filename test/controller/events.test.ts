import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../src/controller/api-error.ts';
import { systemClock } from '../../src/controller/clock.ts';
import { EventRecorder } from '../../src/controller/event-recorder.ts';
import { buildEvent, eventOf } from '../../src/controller/events.ts';
import type { View } from '../../src/controller/status.ts';
import { failed, nodeName, running, sampleResource, succeeded } from './samples.ts';

const resource = sampleResource();
const signal = new AbortController().signal;

const table: [View, string | undefined][] = [
  [{ kind: 'running', entry: running }, 'Normal Initializing'],
  [{ kind: 'ready', entry: succeeded }, 'Normal InitializationSuccess'],
  [{ kind: 'failed', entry: failed('GitRefNotFound') }, 'Warning GitRefNotFound'],
  [
    { kind: 'retrying', entry: failed('DownloadFailed'), backoffLimit: 3 },
    'Warning DownloadFailed',
  ],
  [
    { kind: 'blocked', entry: undefined, error: { reason: 'SecretNotFound', message: '' } },
    'Warning SecretNotFound',
  ],
  [{ kind: 'queued', entry: undefined, limit: 1 }, undefined],
  [{ kind: 'suspended', entry: undefined }, undefined],
];

for (const [view, expected] of table) {
  test(`${view.kind} ${expected === undefined ? 'is no event' : `is ${expected}`}`, () => {
    const event = eventOf(view);
    assert.equal(event && `${event.type} ${event.reason}`, expected);
  });
}

test('saying the same twice makes one event, and another attempt another one', () => {
  const nameOf = (view: View): string => {
    const draft = eventOf(view);
    assert.ok(draft);
    const event = buildEvent(resource, draft, nodeName, Date.now()) as {
      metadata: { name: string };
    };
    return event.metadata.name;
  };
  const first: View = { kind: 'failed', entry: failed('GitFailed') };
  const second: View = { kind: 'failed', entry: failed('GitFailed', { attempts: 2 }) };
  assert.equal(nameOf(first), nameOf(first));
  assert.notEqual(nameOf(first), nameOf(second));
  assert.match(nameOf(first), /^one\.[0-9a-f]{16}$/);
});

test('an event that is there already is no failure, and no failure is thrown', async () => {
  const told: unknown[] = [];
  const answers = [new ApiError(409, 'AlreadyExists', ''), new ApiError(500, '', 'broken')];
  const recorder = new EventRecorder({
    client: {
      async create() {
        throw answers.shift() ?? new Error('it is told more than once each');
      },
    },
    clock: systemClock,
    nodeName,
    onError: (error) => told.push(error),
    requests: signal,
  });
  const view: View = { kind: 'ready', entry: succeeded };
  recorder.record(resource, view);
  recorder.record(resource, view);
  await recorder.settled();
  assert.deepEqual(told.map(String), ['ApiError: broken']);
});

test('nobody waits for an event, and no more than so many of them wait', async () => {
  const gate = Promise.withResolvers<void>();
  const lost: unknown[] = [];
  let written = 0;
  const recorder = new EventRecorder({
    client: {
      async create() {
        await gate.promise;
        written += 1;
      },
    },
    ...{ clock: systemClock, nodeName, requests: signal, limit: 3 },
    onError: (error) => lost.push(error),
  });
  for (let n = 0; n < 10; n += 1) recorder.record(resource, { kind: 'ready', entry: succeeded });
  // One is being written, three wait.
  assert.deepEqual([written, lost.length], [0, 6]);
  gate.resolve();
  await recorder.settled();
  assert.equal(written, 4);
});

test('an event that gets no answer is given up after its time', async () => {
  const lost: unknown[] = [];
  const recorder = new EventRecorder({
    client: {
      create: async (_path, _event, given) =>
        await new Promise((_, reject) => {
          given.addEventListener('abort', () => reject(given.reason as Error));
        }),
    },
    ...{ clock: systemClock, nodeName, requests: signal, timeoutMs: 20 },
    onError: (error) => lost.push(error),
  });
  recorder.record(resource, { kind: 'ready', entry: succeeded });
  // The timer of a deadline keeps no process alive, unlike the connection that it would end.
  const alive = setInterval(() => undefined, 1000);
  await recorder.settled();
  clearInterval(alive);
  assert.equal(lost.length, 1);
});
