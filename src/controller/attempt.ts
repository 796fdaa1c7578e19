/** One attempt, from the check of its directory to the journal's word on its outcome. */
import { ContentError, type ErrorReason } from '../api/errors.ts';
import type { ContentPlan } from '../api/plan.ts';
import type { ContentProgress } from '../api/protocol.ts';
import type { ContentResource } from '../api/resource.ts';
import { toFailedEntry, toSucceededEntry } from './attempt-outcome.ts';
import type { BackoffPolicy } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Expected } from './decide.ts';
import type { AttemptResult, Engine, Prepared } from './engine.ts';
import { assertAsExpected, formerOwners } from './former-content.ts';
import {
  disown,
  type FailedEntry,
  type RunningEntry,
  type SucceededEntry,
} from './journal-entry.ts';
import { entryOf, type Journal } from './journal.ts';

export interface AttemptOrder {
  readonly resource: ContentResource;
  readonly plan: ContentPlan;
  /** Absolute path on the node, claimed for the resource. */
  readonly destination: string;
  readonly expected: Expected;
  /** Of the Secrets that the plan was made with, if it was made with any. */
  readonly secretVersions?: string | undefined;
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

/** An attempt that the journal says is running, although nothing runs yet. Its directory is locked. */
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
  const { resource, plan, destination, secretVersions, signal } = order;
  const prepared = await engine.prepare(resource, destination, takesCleanSlate(order));
  const history = journal.get(resource.uid);
  const before = entryOf(history);
  try {
    await assertAsExpected(parts, order, history);
    for (const entry of formerOwners(journal, order)) await journal.write(disown(entry));
    const entry: RunningEntry = {
      uid: resource.uid,
      namespace: resource.namespace,
      name: resource.name,
      hostPath: destination,
      attempts: (before?.attempts ?? 0) + 1,
      failures: before?.failures ?? 0,
      dirty: plan.provided !== true,
      ...(plan.provided === true ? { provided: true } : {}),
      ...(resource.spec.existingContent === 'Replace' ? { replaces: true } : {}),
      ...(secretVersions === undefined ? {} : { secretVersions }),
      ...(before?.error === undefined ? {} : { error: before.error }),
      state: 'running',
      startTime: clock.now(),
    };
    signal.throwIfAborted();
    stopping.throwIfAborted();
    await journal.write(entry);
    return { entry, prepared };
  } catch (error) {
    // What was made goes while nobody else can have come into it.
    await using held = prepared;
    await held.undo();
    throw error;
  }
}

/** What came with a volume snapshot is there to stay, whatever else is expected. */
function takesCleanSlate({ plan, expected }: AttemptOrder): boolean {
  return plan.provided !== true && expected !== 'empty';
}

/**
 * Runs what was begun and records the outcome, which is not thrown, be it a failure. Throws
 * when the journal could not be written, which `Journal.settle` tries again, and when it could not be
 * told whether the content was made: the journal has a running attempt then, which is recovered.
 */
export async function carryOut(
  parts: AttemptParts,
  order: AttemptOrder,
  begun: Begun,
  onProgress: (progress: ContentProgress) => void,
): Promise<SucceededEntry | FailedEntry> {
  // Nobody else gets the directory before the journal has the outcome.
  await using prepared = begun.prepared;
  const { entry } = begun;
  let outcome: SucceededEntry | FailedEntry;
  try {
    const result = await run(parts, order, entry, onProgress);
    outcome = toSucceededEntry(entry, result, parts.clock.now());
  } catch (thrown) {
    const error = toContentError(thrown);
    const made = await madeAllTheSame(parts.engine, error, entry);
    if (made === undefined) {
      const dirty = entry.dirty && !(await removed(parts, error, entry.hostPath, prepared));
      outcome = toFailedEntry(entry, error, dirty, parts);
    } else {
      outcome = toSucceededEntry(entry, made, parts.clock.now());
    }
  }
  // Before anybody else hears of it.
  await parts.journal.record(outcome);
  return outcome;
}

async function run(
  { engine, clock }: AttemptParts,
  order: AttemptOrder,
  entry: RunningEntry,
  onProgress: (progress: ContentProgress) => void,
): Promise<AttemptResult> {
  const { resource, plan, destination, signal } = order;
  const late = new AbortController();
  const over = new AbortController();
  void after(clock, plan.timeoutMs, over.signal, () => {
    const message = `the attempt took longer than ${resource.spec.timeout}`;
    late.abort(new ContentError('DeadlineExceeded', message));
  });
  const request = {
    uid: resource.uid,
    attempt: entry.attempts,
    destination,
    plan,
    cleanSlate: takesCleanSlate(order),
  };
  try {
    const either = AbortSignal.any([signal, late.signal]);
    return await engine.run(request, { signal: either, onProgress });
  } finally {
    over.abort();
  }
}

/** Does it after that many milliseconds, unless the signal is aborted before. Never rejects. */
async function after(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  act: () => void,
): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch {
    return;
  }
  act();
}

/** Of attempts that may have been ended from outside: by the daemon, or by the kernel or anybody else. */
const ended: ReadonlySet<ErrorReason> = new Set([
  'Cancelled',
  'DeadlineExceeded',
  'Interrupted',
  'SandboxFailed',
  'LimitExceeded',
]);

/**
 * An attempt may be ended between the ready file, which is the last thing that it places, and its
 * own end: whoever waited for that file may work in the content by now, so it is kept.
 */
async function madeAllTheSame(
  engine: Engine,
  { reason }: ContentError,
  { hostPath, startTime }: RunningEntry,
): Promise<AttemptResult | undefined> {
  return ended.has(reason) ? await engine.finished(hostPath, startTime) : undefined;
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

function toContentError(thrown: unknown): ContentError {
  if (thrown instanceof ContentError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ContentError('InternalError', message, { cause: thrown });
}
