/** One attempt, from the check of its directory to the journal's word on its outcome. */
import { ContentError } from '../api/errors.ts';
import type { ContentPlan } from '../api/plan.ts';
import type { ContentProgress } from '../api/protocol.ts';
import type { ContentResource } from '../api/resource.ts';
import { backoffMs, type BackoffPolicy } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Expected } from './decide.ts';
import type { AttemptResult, Engine, Prepared } from './engine.ts';
import type { FailedEntry, RunningEntry, SucceededEntry } from './journal-entry.ts';
import type { Journal } from './journal.ts';
import { overlaps } from './path-claims.ts';

export interface AttemptOrder {
  readonly resource: ContentResource;
  readonly plan: ContentPlan;
  /** Absolute path on the node, claimed for the resource. */
  readonly destination: string;
  readonly expected: Expected;
  /** Ends the attempt with its reason, a ContentError. */
  readonly signal: AbortSignal;
}

export interface AttemptParts {
  readonly engine: Engine;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly attemptBackoff: BackoffPolicy;
  /** Aborted when the daemon is to end. */
  readonly stopping: AbortSignal;
}

/** An attempt that the journal says is running, although nothing runs yet. */
export interface Begun {
  readonly entry: RunningEntry;
  readonly prepared: Prepared;
}

/**
 * Makes sure of the directory and writes the attempt ahead to the journal. Throws ContentError when
 * the attempt may not start: then it does not count, and nothing of it is left.
 */
export async function beginAttempt(parts: AttemptParts, order: AttemptOrder): Promise<Begun> {
  const { engine, journal, clock, stopping } = parts;
  const { resource, destination, expected, signal } = order;
  const prepared = await engine.prepare(resource, destination);
  try {
    if (expected === 'empty' && !(await engine.isEmpty(destination))) {
      throw new ContentError('PathNotEmpty', `${destination} is not empty`);
    }
    await disown(journal, resource.uid, destination);
    const history = journal.get(resource.uid);
    const before = history === 'unreadable' ? undefined : history;
    const entry: RunningEntry = {
      uid: resource.uid,
      namespace: resource.namespace,
      name: resource.name,
      hostPath: destination,
      attempts: (before?.attempts ?? 0) + 1,
      failures: before?.failures ?? 0,
      dirty: true,
      ...(before?.error === undefined ? {} : { error: before.error }),
      state: 'running',
      startTime: clock.now(),
    };
    signal.throwIfAborted();
    stopping.throwIfAborted();
    await journal.write(entry);
    return { entry, prepared };
  } catch (error) {
    await prepared.undo();
    throw error;
  }
}

/**
 * From now on the directory is this uid's: whatever a resource that is gone once wrote there must
 * not be taken for its remains, should that resource ever come back from a backup.
 */
async function disown(journal: Journal, uid: string, destination: string): Promise<void> {
  for (const entry of [...journal.entries()]) {
    if (entry.uid === uid || !entry.dirty || !overlaps(entry.hostPath, destination)) continue;
    await journal.write({ ...entry, dirty: false });
  }
}

/**
 * Runs what was begun and records the outcome, which is not thrown, be it a failure. Throws
 * ContentError when the journal could not be written; `Journal.settle` tries that again. Throws as
 * `Engine.finished` when the daemon is to end and it cannot be told what the attempt came to.
 */
export async function carryOut(
  parts: AttemptParts,
  order: AttemptOrder,
  { entry, prepared }: Begun,
  onProgress: (progress: ContentProgress) => void,
): Promise<SucceededEntry | FailedEntry> {
  let outcome: SucceededEntry | FailedEntry;
  try {
    const result = await run(parts.engine, order, entry, onProgress);
    outcome = toSucceededEntry(entry, result, parts.clock.now());
  } catch (thrown) {
    const error = toContentError(thrown);
    const result = await completed(parts.engine, error, entry);
    outcome =
      result === undefined
        ? toFailedEntry(
            entry,
            error,
            !(await removed(parts, error, entry.hostPath, prepared)),
            parts,
          )
        : toSucceededEntry(entry, result, parts.clock.now());
  }
  // Before anybody else hears of it.
  await parts.journal.record(outcome);
  return outcome;
}

async function run(
  engine: Engine,
  { resource, plan, destination, expected, signal }: AttemptOrder,
  entry: RunningEntry,
  onProgress: (progress: ContentProgress) => void,
): Promise<AttemptResult> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    const message = `the attempt took longer than ${resource.spec.timeout}`;
    late.abort(new ContentError('DeadlineExceeded', message));
  }, plan.timeoutMs);
  const request = {
    uid: resource.uid,
    attempt: entry.attempts,
    destination,
    plan,
    cleanSlate: expected !== 'empty',
  };
  try {
    const either = AbortSignal.any([signal, late.signal]);
    return await engine.run(request, { signal: either, onProgress });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What an interrupted attempt came to after all: between its ready file and the end of its sandbox
 * the content is complete, and whoever waited for the file works in it. A daemon that is killed in
 * there is followed by one that decides the same.
 */
async function completed(
  engine: Engine,
  error: ContentError,
  { hostPath, startTime }: RunningEntry,
): Promise<AttemptResult | undefined> {
  if (error.reason !== 'Interrupted') return undefined;
  // When that cannot be told now, the journal goes on saying that it runs: the next life looks again.
  return await engine.finished(hostPath, startTime);
}

/** Takes away what the attempt wrote. What cannot be removed now the next attempt removes. */
async function removed(
  { engine, stopping }: AttemptParts,
  error: ContentError,
  destination: string,
  prepared: Prepared,
): Promise<boolean> {
  // Who stops the daemon does not wait for that.
  if (error.reason === 'Interrupted') return false;
  try {
    await engine.clear(destination, stopping);
    await prepared.undo();
    return true;
  } catch {
    return false;
  }
}

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
  { clock, attemptBackoff }: Pick<AttemptParts, 'clock' | 'attemptBackoff'>,
): FailedEntry {
  const now = clock.now();
  // Suspending is not failing.
  const failures = entry.failures + (error.reason === 'Cancelled' ? 0 : 1);
  const waits = error.reason !== 'Interrupted' && error.reason !== 'Cancelled';
  const pause = waits ? backoffMs(attemptBackoff, failures, clock.random()) : 0;
  const { reason, message, step } = error;
  return {
    ...entry,
    state: 'failed',
    failures,
    dirty,
    completionTime: now,
    retryAt: now + pause,
    error: { reason, message, attempt: entry.attempts, ...(step === undefined ? {} : { step }) },
  };
}

function toContentError(thrown: unknown): ContentError {
  if (thrown instanceof ContentError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ContentError('InternalError', message, { cause: thrown });
}
