import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ApiUnavailable } from '../../src/controller/api-error.ts';
import { parseWatchEvent } from '../../src/controller/watch-event.ts';

test('an ERROR event becomes the error that the server means', () => {
  const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
  const event = parseWatchEvent(JSON.stringify({ type: 'ERROR', object: status }));
  assert.ok(event?.type === 'ERROR');
  assert.deepEqual([event.error.status, event.error.reason], [410, 'Expired']);
});

test('an ERROR event may ask for a pause', () => {
  const status = { code: 429, details: { retryAfterSeconds: 7 } };
  const event = parseWatchEvent(JSON.stringify({ type: 'ERROR', object: status }));
  assert.ok(event?.type === 'ERROR');
  assert.equal(event.error.retryAfterMs, 7000);
});

test('events of a type that is not known are passed over', () => {
  assert.equal(parseWatchEvent('{"type":"SYNC","object":{}}'), undefined);
});

for (const line of ['', '{"type":"ADDED","object":{', 'null', '[]', '{"object":{}}', '<html>']) {
  test(`a line that is no event is refused: ${JSON.stringify(line)}`, () => {
    assert.throws(() => parseWatchEvent(line), ApiUnavailable);
  });
}

test('whatever JSON comes, it is an event, passed over or refused', () => {
  fc.assert(
    fc.property(fc.json(), (line) => {
      try {
        parseWatchEvent(line);
      } catch (error) {
        assert.ok(error instanceof ApiUnavailable);
      }
    }),
  );
});
