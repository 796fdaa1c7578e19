import { createHash } from 'node:crypto';
import { explain } from '../api/errors.ts';
import { apiGroup, apiVersion, kind, type ResourceIdentity } from '../api/resource.ts';
import type { JournalEntry } from './journal-entry.ts';
import { type Failure, successReason, type View } from './status.ts';
import { rfc3339, shorten } from './text.ts';

export interface EventDraft {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** Which attempt it is about; 0 before the first. */
  readonly attempt: number;
}

/** kubectl and the API server expect no more. */
const longestMessage = 1024;
const longestName = 200;

/** What is worth an event of what a status says. */
export function eventOf(view: View): EventDraft | undefined {
  const attempt = view.entry?.attempts ?? 0;
  switch (view.kind) {
    case 'running':
      return {
        type: 'Normal',
        reason: 'Initializing',
        message: `Attempt ${attempt} started.`,
        attempt,
      };
    case 'ready': {
      const message = `The content is there (${view.entry.report.source}).`;
      return { type: 'Normal', reason: successReason, message, attempt };
    }
    case 'retrying':
    case 'failed':
      return toWarning(view.entry.error, view.entry);
    case 'blocked':
      return toWarning(view.error, view.entry);
    case 'queued':
    case 'suspended':
    case 'removing':
      return undefined;
  }
}

/** An attempt was made at a resource whose journal entry cannot be read. */
export const madeAgain: EventDraft = {
  type: 'Warning',
  reason: 'JournalUnreadable',
  message:
    'What this node remembered of the resource could not be read. The directory was empty, so an attempt was made as if there had been none.',
  attempt: 1,
};

export function toWarning(error: Failure, entry: JournalEntry | undefined): EventDraft {
  const { reason } = error;
  return { type: 'Warning', reason, message: explain(error), attempt: entry?.attempts ?? 0 };
}

/**
 * The event as an object of the API. Its name is a digest of what it says, so that saying it twice
 * makes one event.
 */
export function buildEvent(
  resource: ResourceIdentity,
  { type, reason, message, attempt }: EventDraft,
  nodeName: string,
  now: number,
): object {
  const { namespace, name, uid } = resource;
  const note = shorten(message, longestMessage);
  const said = JSON.stringify([uid, attempt, reason, note]);
  const digest = createHash('sha256').update(said).digest('hex').slice(0, 16);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace, name: `${name.slice(0, longestName)}.${digest}` },
    involvedObject: { apiVersion: `${apiGroup}/${apiVersion}`, kind, namespace, name, uid },
    type,
    reason,
    message: note,
    count: 1,
    firstTimestamp: rfc3339(now),
    lastTimestamp: rfc3339(now),
    source: { component: 'workspace-content', host: nodeName },
    reportingComponent: 'workspacecontent.dev/controller',
    reportingInstance: nodeName,
  };
}
