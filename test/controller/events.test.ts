import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../src/controller/api-error.ts';
import { systemClock } from '../../src/controller/clock.ts';
import { buildEvent, EventRecorder, eventOf } from '../../src/controller/events.ts';
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
  });
  const view: View = { kind: 'ready', entry: succeeded };
  await recorder.record(resource, view, signal);
  await recorder.record(resource, view, signal);
  assert.deepEqual(told.map(String), ['ApiError: broken']);
});
