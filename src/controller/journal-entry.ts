/** What the node remembers of one resource: the format of a journal file and its strict parser. */
import { isErrorReason, type ErrorReason } from '../api/errors.ts';
import { metricTypes, sources, type ContentReport, type StepMetric } from '../api/protocol.ts';
import { isRecord } from '../api/record.ts';
import type { Period } from './untouched.ts';

const journalVersion = 1;

/** Why an attempt failed. */
export interface AttemptError {
  readonly reason: ErrorReason;
  readonly message: string;
  readonly step?: string;
  /** From 1 on. */
  readonly attempt: number;
}

interface EntryBase {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly hostPath: string;
  /** Attempts that were started. */
  readonly attempts: number;
  /** Attempts that count against spec.backoffLimit; those that a suspend stopped do not. */
  readonly failures: number;
  /** The directory may hold what an attempt of this uid wrote and did not finish. */
  readonly dirty: boolean;
  /** The content came with a volume snapshot before the first attempt: nothing of it is cleared away. */
  readonly provided?: true;
  /** spec.existingContent is Replace: without this entry its own content would count as given up. */
  readonly replaces?: true;
  /** Of the Secrets that the last attempt was given; another text once one of them has changed. */
  readonly secretVersions?: string;
  /** Of the last attempt that failed. */
  readonly error?: AttemptError;
}

/** Waits for its turn; nothing was written to the directory since the last attempt. */
export interface ClaimedEntry extends EntryBase {
  readonly state: 'claimed';
}

export interface RunningEntry extends EntryBase {
  readonly state: 'running';
  /** Milliseconds since the epoch, as all times here. */
  readonly startTime: number;
}

export interface SucceededEntry extends EntryBase {
  readonly state: 'succeeded';
  readonly startTime: number;
  readonly completionTime: number;
  /** Nanoseconds. */
  readonly duration: number;
  readonly report: ContentReport;
  /** The content was taken away since, or is about to be while the entry is dirty. */
  readonly removed?: true;
}

export interface FailedEntry extends EntryBase {
  readonly state: 'failed';
  readonly startTime: number;
  readonly completionTime: number;
  readonly error: AttemptError;
  /** When another attempt may start, if its reason is worth one. */
  readonly retryAt: number;
}

export type JournalEntry = ClaimedEntry | RunningEntry | SucceededEntry | FailedEntry;

/** Whether what lies in the directory is this uid's, as far as the journal knows. */
export function ownsContent(entry: JournalEntry): boolean {
  return entry.dirty || (entry.state === 'succeeded' && entry.removed !== true);
}

/** Whether another attempt of this uid does not mind what lies in the directory by then. */
export function takesOver({ replaces, provided }: JournalEntry): boolean {
  return replaces === true || provided === true;
}

/** Of what an attempt left that failed and could not be cleaned up after; nobody has worked in it. */
export function isRemains(entry: JournalEntry): entry is FailedEntry {
  return entry.dirty && entry.state === 'failed';
}

/** In which the remains were written. */
export function periodOf({ startTime, completionTime }: FailedEntry): Period {
  return { from: startTime, to: completionTime };
}

/** The entry once its directory is another's, or nobody's. */
export function disown(entry: JournalEntry): JournalEntry {
  const { provided: _, ...rest } = entry;
  if (rest.state !== 'succeeded') return { ...rest, dirty: false };
  return { ...rest, dirty: false, removed: true };
}

export function serializeEntry(entry: JournalEntry): string {
  return `${JSON.stringify({ version: journalVersion, ...entry }, undefined, 2)}\n`;
}

/** Throws an error that says what is wrong; an entry that is not understood in full is not used. */
export function parseEntry(text: string): JournalEntry {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new Error('no object');
  const { version, state } = value;
  if (version !== journalVersion) throw new Error(`version ${String(version)} is not known`);
  const base: EntryBase = {
    uid: asText(value, 'uid'),
    namespace: asText(value, 'namespace'),
    name: asText(value, 'name'),
    hostPath: asText(value, 'hostPath'),
    attempts: asCount(value, 'attempts'),
    failures: asCount(value, 'failures'),
    dirty: asFlag(value, 'dirty'),
    ...(isMarked(value, 'provided') ? { provided: true } : {}),
    ...(isMarked(value, 'replaces') ? { replaces: true } : {}),
    ...(value['secretVersions'] === undefined
      ? {}
      : { secretVersions: asText(value, 'secretVersions') }),
    ...(value['error'] === undefined ? {} : { error: asError(value['error']) }),
  };
  switch (state) {
    case 'claimed':
      return { ...base, state };
    case 'running':
      return { ...base, state, startTime: asCount(value, 'startTime') };
    case 'succeeded':
      return {
        ...base,
        state,
        startTime: asCount(value, 'startTime'),
        completionTime: asCount(value, 'completionTime'),
        duration: asCount(value, 'duration'),
        report: asReport(value['report']),
        ...(isMarked(value, 'removed') ? { removed: true } : {}),
      };
    case 'failed':
      return {
        ...base,
        state,
        startTime: asCount(value, 'startTime'),
        completionTime: asCount(value, 'completionTime'),
        error: asError(value['error']),
        retryAt: asCount(value, 'retryAt'),
      };
    default:
      throw new Error(`state ${String(state)} is not known`);
  }
}

function asError(value: unknown): AttemptError {
  if (!isRecord(value) || !isErrorReason(value['reason'])) throw new Error('error is malformed');
  const { reason, message, step } = value;
  if (typeof message !== 'string') throw new Error('error.message is no text');
  const attempt = asCount(value, 'attempt');
  return { reason, message, attempt, ...(typeof step === 'string' ? { step } : {}) };
}

function asReport(value: unknown): ContentReport {
  if (!isRecord(value)) throw new Error('report is malformed');
  const source = sources.find((each) => each === value['source']);
  const { metrics, warnings } = value;
  if (source === undefined || !Array.isArray(metrics) || !Array.isArray(warnings)) {
    throw new Error('report is malformed');
  }
  return {
    source,
    metrics: metrics.map(asMetric),
    warnings: warnings.map((warning: unknown) => {
      if (typeof warning !== 'string') throw new Error('report.warnings is malformed');
      return warning;
    }),
  };
}

function asMetric(value: unknown): StepMetric {
  const type = isRecord(value) ? metricTypes.find((each) => each === value['type']) : undefined;
  if (!isRecord(value) || type === undefined) throw new Error('report.metrics is malformed');
  return {
    path: asText(value, 'path'),
    type,
    duration: asCount(value, 'duration'),
    size: asCount(value, 'size'),
  };
}

function asText(value: Record<string, unknown>, field: string): string {
  const text = value[field];
  if (typeof text !== 'string' || text === '') throw new Error(`${field} is no text`);
  return text;
}

function asCount(value: Record<string, unknown>, field: string): number {
  const number = value[field];
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) {
    throw new Error(`${field} is no whole number`);
  }
  return number;
}

function asFlag(value: Record<string, unknown>, field: string): boolean {
  const flag = value[field];
  if (typeof flag !== 'boolean') throw new Error(`${field} is neither true nor false`);
  return flag;
}

/** A flag that is left out when it is false. */
function isMarked(value: Record<string, unknown>, field: string): boolean {
  return value[field] !== undefined && asFlag(value, field);
}
