/** The journal's word on how an attempt ended. */
import { type ContentError, isOfNode } from '../api/errors.ts';
import { backoffMs, type BackoffPolicy } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { AttemptResult } from './engine.ts';
import type { FailedEntry, RunningEntry, SucceededEntry } from './journal-entry.ts';

export function toSucceededEntry(
  entry: RunningEntry,
  { report, duration }: AttemptResult,
  now: number,
): SucceededEntry {
  const { error: _, ...rest } = entry;
  return { ...rest, state: 'succeeded', dirty: false, completionTime: now, report, duration };
}

/** `dirty`: something that the attempt wrote may be left. */
export function toFailedEntry(
  entry: RunningEntry,
  error: ContentError,
  dirty: boolean,
  { clock, attemptBackoff }: { readonly clock: Clock; readonly attemptBackoff: BackoffPolicy },
): FailedEntry {
  const now = clock.now();
  // Suspending is not failing, and what the node lacks is not the resource's failure.
  const ofNode = isOfNode(error.reason);
  const failures = entry.failures + (error.reason === 'Cancelled' || ofNode ? 0 : 1);
  const waits = error.reason !== 'Interrupted' && error.reason !== 'Cancelled';
  const round = ofNode ? entry.attempts : failures;
  const pause = waits ? backoffMs(attemptBackoff, round, clock.random()) : 0;
  const { reason, message } = error;
  return {
    ...entry,
    state: 'failed',
    failures,
    dirty,
    completionTime: now,
    retryAt: now + pause,
    error: {
      ...{ reason, message, attempt: entry.attempts },
      ...(error.step === undefined ? {} : { step: error.step }),
    },
  };
}
