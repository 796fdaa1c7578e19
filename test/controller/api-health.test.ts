import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../src/controller/api-error.ts';
import { unheard, unsaid } from '../../src/controller/api-health.ts';

const reset = new Error('ECONNRESET');

const cases: [what: string, silentMs: number, trouble: unknown, expected: string | undefined][] = [
  ['quiet for less than three minutes', 179_999, undefined, undefined],
  ['quiet for three minutes', 180_000, undefined, 'the API server was last heard 180 s ago'],
  ['failing for less than a minute', 59_999, reset, undefined],
  ['failing for a minute', 60_000, reset, 'the API server was last heard 60 s ago: ECONNRESET'],
];
for (const [what, silentMs, trouble, expected] of cases) {
  test(`an API server that has been ${what} is ${expected === undefined ? '' : 'not '}heard`, () => {
    assert.equal(unheard({ lastSync: 1000, trouble }, 1000 + silentMs), expected);
  });
}

test('an API server that has never answered is not heard from the beginning', () => {
  const never = { lastSync: undefined, trouble: undefined };
  assert.equal(unheard(never, 0), 'the API server has not been heard yet');
  const failing = { lastSync: undefined, trouble: reset };
  assert.equal(unheard(failing, 0), 'the API server has not been heard yet: ECONNRESET');
});

test('the reason says what to do about a refusal, and holds no credentials', () => {
  const refused = new ApiError(401, 'Unauthorized', 'GET /x: 401 Bearer abc.def is not known');
  assert.equal(
    unheard({ lastSync: undefined, trouble: refused }, 0),
    'the API server has not been heard yet: GET /x: 401 Bearer *** is not known ' +
      '(the credentials are refused: see the kubeconfig or the service account token)',
  );
});

test('statuses that are refused are no news for a minute, and then a reason with a remedy', () => {
  const error = new ApiError(403, 'Forbidden', 'PATCH /x: 403 no right to patch');
  const refusal = { since: 1000, error, uid: 'u' };
  assert.equal(unsaid({ refusal: undefined }, 1e9), undefined);
  assert.equal(unsaid({ refusal }, 60_999), undefined);
  assert.equal(
    unsaid({ refusal }, 61_000),
    'no status could be written for 60 s: PATCH /x: 403 no right to patch ' +
      '(the rights are missing: apply deploy/rbac.yaml)',
  );
});
