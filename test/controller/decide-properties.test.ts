import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contentFinalizer, decide } from '../../src/controller/decide.ts';
import { ownsContent } from '../../src/controller/journal-entry.ts';
import type { History } from '../../src/controller/journal.ts';
import { anyEntry, nodeName, sampleResource } from './samples.ts';

const now = 10_000;
const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };
const deletedButProtected = { ...deleted, finalizers: [contentFinalizer] };

const anySpec = fc.record({
  suspend: fc.boolean(),
  backoffLimit: fc.nat(20),
  existingContent: fc.constantFrom('Refuse', 'Replace'),
  deletionPolicy: fc.constantFrom('Retain', 'Delete'),
});
const anyStatus = fc.record({
  phase: fc.constantFrom('Pending', 'Initializing', 'Ready', 'Failed'),
  attempts: fc.nat(3),
});
const anyHistory: fc.Arbitrary<History> = fc.oneof(
  anyEntry,
  fc.constant('unreadable' as const),
  fc.constant(undefined),
);

test('a uid that succeeded is never run again, whatever the resource says', () => {
  fc.assert(
    fc.property(anyHistory, anySpec, anyStatus, fc.nat(), (history, spec, status, at) => {
      const resource = sampleResource(spec, {}, status);
      const action = decide({ resource, history, nodeName, now: at });
      const done =
        history !== undefined && history !== 'unreadable' && history.state === 'succeeded';
      if (done) assert.equal(action.kind, 'publish');
    }),
  );
});

test('content is removed only where the journal shows remains of this uid, or where it is given up', () => {
  fc.assert(
    fc.property(anyHistory, anySpec, anyStatus, fc.nat(), (history, spec, status, at) => {
      const resource = sampleResource(spec, {}, status);
      const action = decide({ resource, history, nodeName, now: at });
      if (action.kind !== 'run' || action.expected === 'empty') return;
      assert.notEqual(history, 'unreadable');
      const dirty = history !== undefined && history !== 'unreadable' && history.dirty;
      if (action.expected === 'remains') assert.ok(dirty);
      else assert.equal(spec.existingContent, 'Replace');
    }),
  );
});

test('nothing is started while it is suspended, deleted or of another node', () => {
  fc.assert(
    fc.property(anyHistory, anySpec, fc.constantFrom(0, 1, 2), (history, spec, why) => {
      const resource = sampleResource(
        { ...spec, ...(why === 0 ? { suspend: true } : {}) },
        why === 1 ? deleted : {},
      );
      const me = why === 2 ? 'another-node' : nodeName;
      assert.notEqual(decide({ resource, history, nodeName: me, now }).kind, 'run');
    }),
  );
});

test('with Delete nothing is run without the finalizer', () => {
  fc.assert(
    fc.property(anyHistory, anySpec, anyStatus, fc.nat(), (history, spec, status, at) => {
      const resource = sampleResource({ ...spec, deletionPolicy: 'Delete' }, {}, status);
      assert.notEqual(decide({ resource, history, nodeName, now: at }).kind, 'run');
    }),
  );
});

test("only what the journal calls this uid's goes with its resource, and only with Delete", () => {
  fc.assert(
    fc.property(anyHistory, anySpec, anyStatus, (history, spec, status) => {
      const resource = sampleResource(spec, deletedButProtected, status);
      const action = decide({ resource, history, nodeName, now });
      if (action.kind !== 'finalize' || action.farewell.kind !== 'remove') return;
      assert.equal(spec.deletionPolicy, 'Delete');
      assert.equal(action.farewell.entry, history);
      assert.ok(ownsContent(action.farewell.entry));
    }),
  );
});
