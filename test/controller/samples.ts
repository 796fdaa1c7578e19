import fc from 'fast-check';
import { errorCatalogue } from '../../src/api/error-catalogue.ts';
import { isRetried, type ErrorReason } from '../../src/api/errors.ts';
import { metricTypes, sources } from '../../src/api/protocol.ts';
import { type ContentResource, parseResource } from '../../src/api/resource.ts';
import type {
  ClaimedEntry,
  FailedEntry,
  JournalEntry,
  RunningEntry,
  SucceededEntry,
} from '../../src/controller/journal-entry.ts';

export const nodeName = 'node-a';
export const uid = '8a3c1f6e-0000-4000-8000-000000000001';

/** A WorkspaceContent as the API server sends it. */
export function sampleObject(spec: object = {}, metadata: object = {}, status?: object): object {
  return {
    apiVersion: 'workspacecontent.dev/v1alpha1',
    kind: 'WorkspaceContent',
    metadata: {
      namespace: 'default',
      name: 'one',
      uid,
      generation: 1,
      resourceVersion: '10',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: { nodeName, initializer: { empty: {} }, ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

export function sampleResource(...parts: Parameters<typeof sampleObject>): ContentResource {
  return parseResource(sampleObject(...parts));
}

const base = {
  uid,
  namespace: 'default',
  name: 'one',
  hostPath: '/data/default/one',
  attempts: 1,
  failures: 0,
};

export const claimed: ClaimedEntry = { ...base, attempts: 0, dirty: false, state: 'claimed' };

export const running: RunningEntry = { ...base, dirty: true, state: 'running', startTime: 1000 };

export const succeeded: SucceededEntry = {
  ...base,
  dirty: false,
  state: 'succeeded',
  startTime: 1000,
  completionTime: 2200,
  duration: 1.2e9,
  report: { source: 'from-other', metrics: [], warnings: [] },
};

export function failed(reason: ErrorReason, changes: Partial<FailedEntry> = {}): FailedEntry {
  return {
    ...base,
    failures: 1,
    dirty: false,
    state: 'failed',
    startTime: 1000,
    completionTime: 2000,
    retryAt: 5000,
    error: { reason, message: 'it did not work', attempt: 1 },
    ...changes,
  };
}

export const reasons = Object.keys(errorCatalogue) as ErrorReason[];
export const transientReasons = reasons.filter(isRetried);
export const permanentReasons = reasons.filter(
  (reason) => !isRetried(reason) && reason !== 'Cancelled',
);

const count = fc.nat();
const text = fc.string({ minLength: 1 });

/** Objects that compare equal to those of JSON.parse. */
function plain<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true });
}

const anyBase = {
  uid: fc.constant(uid),
  namespace: text,
  name: text,
  hostPath: text,
  attempts: count,
  failures: count,
  dirty: fc.boolean(),
};

const anyError = fc.record(
  { reason: fc.constantFrom(...reasons), message: fc.string(), step: text, attempt: count },
  { requiredKeys: ['reason', 'message', 'attempt'], noNullPrototype: true },
);

const anyReport = plain({
  source: fc.constantFrom(...sources),
  metrics: fc.array(
    plain({ path: text, type: fc.constantFrom(...metricTypes), duration: count, size: count }),
  ),
  warnings: fc.array(fc.string()),
});

/** Entries of every state, dirty or not, consistent or not. */
export const anyEntry: fc.Arbitrary<JournalEntry> = fc.oneof(
  plain({ ...anyBase, state: fc.constant('claimed' as const) }),
  plain({ ...anyBase, state: fc.constant('running' as const), startTime: count }),
  plain({
    ...anyBase,
    state: fc.constant('succeeded' as const),
    startTime: count,
    completionTime: count,
    duration: count,
    report: anyReport,
  }),
  plain({
    ...anyBase,
    state: fc.constant('failed' as const),
    startTime: count,
    completionTime: count,
    retryAt: count,
    error: anyError,
  }),
);
