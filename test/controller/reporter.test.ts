import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { parseIdentity } from '../../src/api/resource.ts';
import { ApiError, ApiUnavailable } from '../../src/controller/api-error.ts';
import { EventRecorder } from '../../src/controller/event-recorder.ts';
import { Reporter } from '../../src/controller/reporter.ts';
import { StatusWriter } from '../../src/controller/status-writer.ts';
import type { View } from '../../src/controller/status.ts';
import { Store } from '../../src/controller/store.ts';
import { FakeClock } from './fake-clock.ts';
import { nodeName, running, sampleObject } from './samples.ts';

const starts: View = { kind: 'running', entry: running };
const goesOn: View = { ...starts, progress: { step: 'download', bytes: 5 } };

/** A reporter whose writes take the next error each, and land after the last one. */
function setUp(...errors: Error[]) {
  const store = new Store();
  const object = sampleObject();
  store.upsert(object);
  const clock = new FakeClock();
  let version = 10;
  const apply = async (_path: string, body: object): Promise<object> => {
    await Promise.resolve();
    const error = errors.shift();
    if (error !== undefined) throw error;
    version += 1;
    const { status } = body as { status: object };
    return sampleObject({}, { resourceVersion: String(version) }, status);
  };
  const requests = new AbortController().signal;
  const events: string[] = [];
  const recorder = new EventRecorder({
    ...{ clock, nodeName, requests, onError: assert.ifError },
    client: {
      async create(_path, event) {
        events.push((event as { reason: string }).reason);
        return await Promise.resolve();
      },
    },
  });
  const reporter = new Reporter({
    status: new StatusWriter({ client: { apply }, store, clock, steady: clock }),
    events: recorder,
    log: pino({ level: 'silent' }),
    requests,
  });
  const tell = async (view: View): Promise<number | undefined> =>
    await reporter.tell(parseIdentity(object), view, '/data/default/one');
  return { tell, events };
}

const answers: [Error, number][] = [
  [new ApiError(503, '', 'in a moment'), 0],
  [new ApiUnavailable('connection reset'), 0],
  [new ApiError(429, '', 'slow down', 2000), 2000],
  [new ApiError(400, '', 'an unknown field'), 60_000],
  [new ApiError(413, '', 'too large'), 60_000],
  [new ApiError(422, '', 'an unknown phase'), 60_000],
];
for (const [error, waitMs] of answers) {
  test(`while an attempt runs, "${error.message}" is tried again after ${waitMs} ms or more`, async () => {
    const { tell } = setUp(error);
    assert.deepEqual([await tell(starts), await tell(starts)], [waitMs, undefined]);
  });
}

test('that an attempt started is one event, also when its progress is what was written first', async () => {
  const { tell, events } = setUp(new ApiError(503, '', 'in a moment'));
  for (const view of [starts, goesOn, starts]) await tell(view);
  assert.deepEqual(events, ['Initializing']);
});
