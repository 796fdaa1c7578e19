import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ContentError } from '../../src/api/errors.ts';
import type { WorkspaceContentStatus } from '../../src/api/types.generated.ts';
import { isForgotten } from '../../src/controller/decide.ts';
import { buildStatus, type View } from '../../src/controller/status.ts';
import {
  claimed,
  failed,
  permanentReasons,
  reasons,
  running,
  sampleResource,
  succeeded,
  transientReasons,
} from './samples.ts';

const hostPath = '/data/default/one';
const now = Date.parse('2026-02-03T04:05:06.789Z');

function statusOf(view: View, previous: WorkspaceContentStatus = {}): WorkspaceContentStatus {
  const resource = sampleResource({}, { generation: 3 }, previous);
  return buildStatus(view, { resource, hostPath, now });
}

/** Such as `Ready=False:Queued Reconciling=True:Queued`. */
function conditionsOf({ conditions = [] }: WorkspaceContentStatus): string {
  return conditions.map(({ type, status, reason }) => `${type}=${status}:${reason}`).join(' ');
}

const error = new ContentError('SecretNotFound', 'the Secret x does not exist');

const table: [View, string, string][] = [
  [
    { kind: 'queued', entry: claimed, limit: 4 },
    'Pending',
    'Ready=False:Queued Reconciling=True:Queued',
  ],
  [{ kind: 'suspended', entry: undefined }, 'Pending', 'Ready=False:Suspended'],
  [
    { kind: 'running', entry: running },
    'Initializing',
    'Ready=False:Initializing Reconciling=True:Initializing',
  ],
  [{ kind: 'ready', entry: succeeded }, 'Ready', 'Ready=True:InitializationSuccess'],
  [
    { kind: 'retrying', entry: failed('DownloadFailed'), backoffLimit: 3 },
    'Pending',
    'Ready=False:DownloadFailed Reconciling=True:DownloadFailed',
  ],
  [
    { kind: 'failed', entry: failed('GitRefNotFound') },
    'Failed',
    'Ready=False:GitRefNotFound Stalled=True:GitRefNotFound',
  ],
  [
    { kind: 'failed', entry: failed('DownloadFailed', { failures: 4 }) },
    'Failed',
    'Ready=False:DownloadFailed Stalled=True:DownloadFailed',
  ],
  [
    { kind: 'blocked', entry: undefined, error },
    'Pending',
    'Ready=False:SecretNotFound Reconciling=True:SecretNotFound',
  ],
  [
    { kind: 'blocked', entry: undefined, error: new ContentError('PathNotEmpty', 'full') },
    'Failed',
    'Ready=False:PathNotEmpty Stalled=True:PathNotEmpty',
  ],
];

for (const [view, phase, conditions] of table) {
  test(`${view.kind} is ${phase} with ${conditions}`, () => {
    const status = statusOf(view);
    assert.equal(status.phase, phase);
    assert.equal(conditionsOf(status), conditions);
    assert.deepEqual([status.observedGeneration, status.hostPath], [3, hostPath]);
    for (const { observedGeneration, lastTransitionTime } of status.conditions ?? []) {
      assert.deepEqual([observedGeneration, lastTransitionTime], [3, '2026-02-03T04:05:06Z']);
    }
  });
}

test('a condition keeps its time until its status changes', () => {
  const earlier = '2026-01-01T00:00:00Z';
  const previous = statusOf({ kind: 'queued', entry: claimed, limit: 1 });
  for (const condition of previous.conditions ?? []) condition.lastTransitionTime = earlier;
  const timesOf = (view: View): (string | undefined)[] =>
    (statusOf(view, previous).conditions ?? []).map((condition) => condition.lastTransitionTime);
  assert.deepEqual(timesOf({ kind: 'running', entry: running }), [earlier, earlier]);
  assert.deepEqual(timesOf({ kind: 'ready', entry: succeeded }), ['2026-02-03T04:05:06Z']);
});

test('a lost journal takes back nothing of what the status says about attempts', () => {
  const before = statusOf({ kind: 'ready', entry: succeeded });
  const notEmpty = new ContentError('PathNotEmpty', 'it is not empty');
  const refused = statusOf({ kind: 'blocked', entry: undefined, error: notEmpty }, before);
  assert.equal(refused.attempts, succeeded.attempts);
  assert.ok(isForgotten(undefined, refused), 'the next look would replace the content');
});

test('steps keep their own numbers, and a type that ran twice is summed', () => {
  const metrics = [
    { path: 'composite[0].git', type: 'git', duration: 1.2e9, size: 10 },
    { path: 'composite[1].backup', type: 'fromBackup', duration: 5e6, size: 7 },
    { path: 'composite[2].git', type: 'git', duration: 0.3e9, size: 5 },
    { path: 'composite', type: 'composite', duration: 1.6e9, size: 22 },
  ] as const;
  const report = { source: 'from-other', metrics, warnings: ['a submodule is missing'] } as const;
  const status = statusOf({ kind: 'ready', entry: { ...succeeded, report } });
  assert.deepEqual(status.initializerMetrics, {
    git: { duration: '1.5s', size: 15 },
    backup: { duration: '5ms', size: 7 },
    composite: { duration: '1.6s', size: 22 },
  });
  assert.deepEqual(status.steps?.[0], {
    path: 'composite[0].git',
    type: 'git',
    duration: '1.2s',
    size: 10,
  });
  assert.equal(status.steps?.length, 4);
  assert.deepEqual(status.warnings, ['a submodule is missing']);
  assert.deepEqual([status.source, status.duration], ['from-other', '1.2s']);
});

test('an error says what happened, what to do, in which step and attempt', () => {
  const entry = failed('GitRefNotFound', {
    error: {
      reason: 'GitRefNotFound',
      message: 'there is no branch x',
      step: 'composite[1].git',
      attempt: 2,
    },
  });
  const status = statusOf({ kind: 'failed', entry });
  assert.match(status.error?.message ?? '', /^there is no branch x\. Check cloneTarget/);
  assert.deepEqual([status.error?.step, status.error?.attempt], ['composite[1].git', 2]);
  assert.equal(status.conditions?.[0]?.message, status.error?.message);
});

test('while the next attempt runs the error of the last one stays, and is gone when Ready', () => {
  const last = failed('DownloadFailed').error;
  const view = { kind: 'running', entry: { ...running, attempts: 2, error: last } } as const;
  assert.equal(statusOf(view).error?.reason, 'DownloadFailed');
  assert.equal(statusOf({ kind: 'ready', entry: succeeded }).error, undefined);
});

test('a retry tells when it comes and how many are left', () => {
  const entry = failed('DownloadFailed', { attempts: 2, failures: 2, retryAt: now });
  const message = statusOf({ kind: 'retrying', entry, backoffLimit: 3 }).conditions?.[0]?.message;
  assert.match(message ?? '', /Attempt 3 follows at 2026-02-03T04:05:06Z; 2 are left\.$/);
});

test('whatever the reason, Ready=False comes with either Reconciling or Stalled', () => {
  for (const reason of reasons) {
    const view = { kind: 'blocked', entry: undefined, error: { reason, message: '' } } as const;
    const others = (statusOf(view).conditions ?? []).map(({ type }) => type);
    assert.deepEqual(others, [
      'Ready',
      transientReasons.includes(reason) ? 'Reconciling' : 'Stalled',
    ]);
  }
  assert.ok(permanentReasons.length > 0);
});

test('texts of any length fit into what the CRD takes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, size: 'large' }), (unit) => {
      const long = unit.repeat(Math.ceil(40_000 / unit.length));
      const entry = failed('GitFailed', {
        error: { reason: 'GitFailed', message: long, step: long, attempt: 1 },
      });
      const { conditions, error: shown } = statusOf({ kind: 'failed', entry });
      assert.ok((conditions?.[0]?.message.length ?? 0) <= 32_768);
      assert.ok((shown?.message.length ?? 0) <= 32_768 && (shown?.step?.length ?? 0) <= 256);
      const report = { source: 'from-other', metrics: [], warnings: Array(40).fill(long) } as const;
      const { warnings } = statusOf({ kind: 'ready', entry: { ...succeeded, report } });
      assert.ok(warnings?.length === 16 && warnings.every(({ length }) => length <= 2048));
    }),
    { numRuns: 20 },
  );
});
