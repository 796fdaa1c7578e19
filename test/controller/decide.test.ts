import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Action, contentFinalizer, decide } from '../../src/controller/decide.ts';
import type { History } from '../../src/controller/journal.ts';
import {
  claimed,
  failed,
  nodeName,
  permanentReasons,
  running,
  sampleResource,
  succeeded,
  transientReasons,
} from './samples.ts';

const now = 10_000;

function decideFor(
  history: History,
  spec: object = {},
  metadata: object = {},
  status = {},
): Action {
  const resource = sampleResource(spec, metadata, status);
  return decide({ resource, history, nodeName, now });
}

const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };
const protectedBy = { finalizers: ['somebody/else', contentFinalizer] };
const deletedButProtected = { ...deleted, ...protectedBy };
const remains = failed('Interrupted', { dirty: true });
const later = now + 60_000;

const cases: [string, Action, Action['kind'], object?][] = [
  ['a new resource is run', decideFor(undefined), 'run', { expected: 'empty' }],
  ['a claimed one counts as new', decideFor(claimed), 'run', { expected: 'empty' }],
  ['content that is there is published', decideFor(succeeded), 'publish'],
  ['so it is when suspended', decideFor(succeeded, { suspend: true }), 'publish'],
  ['a run that nobody watches is recovered', decideFor(running), 'recover'],
  ['also when its resource is being deleted', decideFor(running, {}, deleted), 'recover'],
  ['also when it is suspended', decideFor(running, { suspend: true }), 'recover'],
  ['a resource that is being deleted is not started', decideFor(undefined, {}, deleted), 'ignore'],
  ['a resource of another node is left alone', decideFor(undefined, { nodeName: 'b' }), 'ignore'],
  ['a suspended one is not started', decideFor(undefined, { suspend: true }), 'suspend'],
  [
    'a suspended one is not retried',
    decideFor(failed('GitRemoteUnavailable'), { suspend: true }),
    'suspend',
  ],
  [
    'a suspended one that failed for good says so',
    decideFor(failed('GitRefNotFound'), { suspend: true }),
    'give-up',
  ],
  [
    'one that a suspend stopped goes on when that is lifted',
    decideFor(failed('Cancelled', { failures: 0, dirty: true })),
    'run',
    { expected: 'remains' },
  ],
  [
    'Delete takes the finalizer first',
    decideFor(undefined, { deletionPolicy: 'Delete' }),
    'protect',
  ],
  ['with it, it is run', decideFor(undefined, { deletionPolicy: 'Delete' }, protectedBy), 'run'],
  [
    'deleted, its content goes with it',
    decideFor(succeeded, { deletionPolicy: 'Delete' }, deletedButProtected),
    'finalize',
    { farewell: { kind: 'remove', entry: succeeded } },
  ],
  [
    'so does what a failed attempt left',
    decideFor(remains, { deletionPolicy: 'Delete' }, deletedButProtected),
    'finalize',
    { farewell: { kind: 'remove', entry: remains } },
  ],
  [
    'what was removed before is not removed again',
    decideFor({ ...succeeded, removed: true }, { deletionPolicy: 'Delete' }, deletedButProtected),
    'finalize',
    { farewell: { kind: 'keep' } },
  ],
  [
    'a policy that was changed to Retain keeps it',
    decideFor(succeeded, { deletionPolicy: 'Retain' }, deletedButProtected),
    'finalize',
    { farewell: { kind: 'keep' } },
  ],
  [
    'what the journal cannot read is not removed',
    decideFor('unreadable', { deletionPolicy: 'Delete' }, deletedButProtected),
    'finalize',
    { farewell: { kind: 'unproven' } },
  ],
  [
    'nor what it has lost',
    decideFor(undefined, { deletionPolicy: 'Delete' }, deletedButProtected, { phase: 'Ready' }),
    'finalize',
    { farewell: { kind: 'unproven' } },
  ],
  [
    'one that was never tried just goes',
    decideFor(undefined, { deletionPolicy: 'Delete' }, deletedButProtected),
    'finalize',
    { farewell: { kind: 'keep' } },
  ],
  [
    'a run that nobody watches is recovered before the resource goes',
    decideFor(running, { deletionPolicy: 'Delete' }, deletedButProtected),
    'recover',
  ],
  [
    'what failed for good is tried again with another Secret',
    decide({
      ...{ history: failed('GitAuthenticationFailed', { retryAt: later }), nodeName, now },
      ...{ resource: sampleResource(), hasOtherSecrets: true },
    }),
    'run',
    { expected: 'empty' },
  ],
  [
    'a retry waits until it is due',
    decideFor(failed('DownloadFailed', { retryAt: later })),
    'wait',
  ],
  ['a retry that is due is run', decideFor(failed('DownloadFailed', { retryAt: now })), 'run'],
  [
    'a wait that no policy gives comes from a clock that was set back',
    decideFor(failed('DownloadFailed', { retryAt: now + 86_400_000 })),
    'run',
  ],
  [
    'what an attempt left is removed by the next',
    decideFor(failed('Interrupted', { dirty: true })),
    'run',
    { expected: 'remains' },
  ],
  [
    'what was removed after an attempt is expected to be gone',
    decideFor(failed('DownloadFailed', { dirty: false })),
    'run',
    { expected: 'empty' },
  ],
  [
    'existing content is replaced when the resource says so',
    decideFor(undefined, { existingContent: 'Replace' }),
    'run',
    { expected: 'given-up' },
  ],
  [
    'nothing is replaced when the journal is unreadable',
    decideFor('unreadable', { existingContent: 'Replace' }),
    'run',
    { expected: 'empty' },
  ],
  [
    'nothing is replaced when the journal was lost and the content was Ready',
    decideFor(undefined, { existingContent: 'Replace' }, {}, { phase: 'Ready' }),
    'run',
    { expected: 'empty' },
  ],
];

for (const [what, action, kind, more = {}] of cases) {
  test(what, () => {
    assert.equal(action.kind, kind);
    assert.deepEqual({ ...action, ...more }, action);
  });
}

test('what an attempt left is known by its path', () => {
  const expectedAt = (destination: string, spec: object = {}): unknown => {
    const action = decide({
      ...{ resource: sampleResource(spec), history: remains, nodeName, now },
      destination,
    });
    return 'expected' in action ? action.expected : action.kind;
  };
  assert.equal(expectedAt(remains.hostPath), 'remains');
  assert.equal(expectedAt('/another/root/default/one'), 'empty');
  assert.equal(expectedAt('/another/root/default/one', { existingContent: 'Replace' }), 'given-up');
});

describe('the catalogue decides about another attempt', () => {
  for (const reason of permanentReasons) {
    test(`${reason} is final`, () => {
      assert.equal(decideFor(failed(reason)).kind, 'give-up');
    });
  }
  for (const reason of transientReasons) {
    test(`${reason} is tried again until backoffLimit is used up`, () => {
      const spec = { backoffLimit: 2 };
      const kinds = [1, 2, 3].map((failures) => decideFor(failed(reason, { failures }), spec).kind);
      assert.deepEqual(kinds, ['run', 'run', 'give-up']);
      assert.equal(decideFor(failed(reason, { failures: 3 }), { backoffLimit: 3 }).kind, 'run');
    });
  }
});
