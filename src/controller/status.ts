/** The status of a resource, built from what is known: pure. */
import { formatDuration } from '../api/durations.ts';
import { explain, isRetried, type ErrorReason } from '../api/errors.ts';
import type { ContentProgress } from '../api/protocol.ts';
import type { ContentResource, ResourceIdentity } from '../api/resource.ts';
import type { ErrorStatus, WorkspaceContentStatus } from '../api/types.generated.ts';
import { type ConditionDraft, toConditions } from './conditions.ts';
import type { FailedEntry, JournalEntry, RunningEntry, SucceededEntry } from './journal-entry.ts';
import { toInitializerMetrics, toSteps } from './step-status.ts';
import { rfc3339, shorten } from './text.ts';

export type View =
  /** All slots are taken. */
  | { readonly kind: 'queued'; readonly entry: JournalEntry | undefined; readonly limit: number }
  | { readonly kind: 'suspended'; readonly entry: JournalEntry | undefined }
  | { readonly kind: 'running'; readonly entry: RunningEntry; readonly progress?: ContentProgress }
  | { readonly kind: 'ready'; readonly entry: SucceededEntry }
  /** It is deleted, and its directory goes first. */
  | { readonly kind: 'removing'; readonly entry: JournalEntry }
  /** An attempt failed and another one follows. */
  | { readonly kind: 'retrying'; readonly entry: FailedEntry; readonly backoffLimit: number }
  | { readonly kind: 'failed'; readonly entry: FailedEntry }
  /** Something stands in the way of starting an attempt; its reason says whether it may pass. */
  | {
      readonly kind: 'blocked';
      readonly entry: JournalEntry | undefined;
      readonly error: Failure;
    };

export interface Failure {
  readonly reason: ErrorReason;
  readonly message: string;
  readonly step?: string | undefined;
}

export interface StatusContext {
  readonly resource: Pick<ResourceIdentity, 'generation'> & Pick<ContentResource, 'status'>;
  /** Undefined when it could not even be told. */
  readonly hostPath: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export const successReason = 'InitializationSuccess';

const longestWarning = 2048;
const mostWarnings = 16;

/** Whether that is how the resource stands, as it is now. */
export function saysFailed({ status, generation }: ContentResource): boolean {
  return status.phase === 'Failed' && status.observedGeneration === generation;
}

export function buildStatus(
  view: View,
  { resource, hostPath, now }: StatusContext,
): WorkspaceContentStatus {
  const { generation, status } = resource;
  const { phase, conditions, ...rest } = describe(view);
  return {
    observedGeneration: generation,
    phase,
    conditions: toConditions(conditions, status.conditions ?? [], generation, now),
    ...(hostPath === undefined ? {} : { hostPath }),
    // Once the journal is lost this is all that tells of content that was made: it is never taken back.
    attempts: view.entry?.attempts ?? status.attempts ?? 0,
    ...rest,
  };
}

type Description = Omit<WorkspaceContentStatus, 'conditions' | 'phase'> & {
  readonly phase: NonNullable<WorkspaceContentStatus['phase']>;
  readonly conditions: readonly ConditionDraft[];
};

function describe(view: View): Description {
  switch (view.kind) {
    case 'queued': {
      const message = `Waits for its turn: ${view.limit} attempts run on this node at once.`;
      return {
        phase: 'Pending',
        ...lastError(view.entry),
        conditions: inProgress('Queued', message),
      };
    }
    case 'suspended': {
      const message = 'Suspended: set spec.suspend to false to go on.';
      const conditions = [draft('Ready', 'False', 'Suspended', message)];
      return { phase: 'Pending', ...lastError(view.entry), conditions };
    }
    case 'running':
      return describeRunning(view.entry, view.progress);
    case 'ready':
      return describeReady(view.entry);
    case 'removing': {
      const message = `${view.entry.hostPath} is being removed: the resource was deleted, and deletionPolicy is Delete.`;
      return { phase: 'Pending', conditions: inProgress('Removing', message) };
    }
    case 'retrying':
      return describeRetrying(view.entry, view.backoffLimit);
    case 'failed':
      return {
        phase: 'Failed',
        ...times(view.entry),
        ...lastError(view.entry),
        conditions: stalled(view.entry.error.reason, explain(view.entry.error)),
      };
    case 'blocked':
      return describeBlocked(view.error, view.entry);
  }
}

function describeRunning(entry: RunningEntry, progress: ContentProgress | undefined): Description {
  return {
    phase: 'Initializing',
    startTime: rfc3339(entry.startTime),
    ...lastError(entry),
    ...(progress === undefined ? {} : { progress }),
    conditions: inProgress('Initializing', `Attempt ${entry.attempts} is running.`),
  };
}

function describeReady(entry: SucceededEntry): Description {
  const { report } = entry;
  const duration = formatDuration(entry.duration);
  const message = `The content is there (${report.source}); it took ${duration}.`;
  return {
    phase: 'Ready',
    ...times(entry),
    source: report.source,
    duration,
    ...(report.metrics.length === 0
      ? {}
      : {
          initializerMetrics: toInitializerMetrics(report.metrics),
          steps: toSteps(report.metrics),
        }),
    ...(report.warnings.length === 0
      ? {}
      : {
          warnings: report.warnings
            .slice(0, mostWarnings)
            .map((warning) => shorten(warning, longestWarning)),
        }),
    conditions: [draft('Ready', 'True', successReason, message)],
  };
}

function describeRetrying(entry: FailedEntry, backoffLimit: number): Description {
  const left = backoffLimit + 1 - entry.failures;
  const message =
    `${explain(entry.error)} Attempt ${entry.attempts + 1} follows at ` +
    `${rfc3339(entry.retryAt)}; ${left} ${left === 1 ? 'is' : 'are'} left.`;
  return {
    phase: 'Pending',
    ...times(entry),
    ...lastError(entry),
    conditions: inProgress(entry.error.reason, message),
  };
}

function describeBlocked(error: Failure, entry: JournalEntry | undefined): Description {
  const passing = isRetried(error.reason);
  const message = explain(error);
  return {
    phase: passing ? 'Pending' : 'Failed',
    error: toErrorStatus(error, entry?.attempts ?? 0),
    conditions: passing ? inProgress(error.reason, message) : stalled(error.reason, message),
  };
}

function inProgress(reason: string, message: string): readonly ConditionDraft[] {
  return [draft('Ready', 'False', reason, message), draft('Reconciling', 'True', reason, message)];
}

function stalled(reason: string, message: string): readonly ConditionDraft[] {
  return [draft('Ready', 'False', reason, message), draft('Stalled', 'True', reason, message)];
}

function draft(
  type: ConditionDraft['type'],
  status: ConditionDraft['status'],
  reason: string,
  message: string,
): ConditionDraft {
  return { type, status, reason, message };
}

function times(
  entry: SucceededEntry | FailedEntry,
): Pick<Description, 'startTime' | 'completionTime'> {
  return { startTime: rfc3339(entry.startTime), completionTime: rfc3339(entry.completionTime) };
}

function lastError(entry: JournalEntry | undefined): { readonly error?: ErrorStatus } {
  return entry?.error === undefined
    ? {}
    : { error: toErrorStatus(entry.error, entry.error.attempt) };
}

function toErrorStatus(error: Failure, attempt: number): ErrorStatus {
  return {
    reason: error.reason,
    message: shorten(explain(error), 32_768),
    ...(error.step === undefined ? {} : { step: shorten(error.step, 256) }),
    attempt,
  };
}
