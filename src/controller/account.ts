import type { Logger } from 'pino';
import { isOfNode } from '../api/errors.ts';
import type { ContentResource } from '../api/resource.ts';
import type { FailedEntry, SucceededEntry } from './journal-entry.ts';
import { resourceFields } from './log-fields.ts';
import type { Metrics } from './metrics.ts';
import type { NodeWatch } from './node-watch.ts';
import { successReason } from './status.ts';

export interface AccountParts {
  readonly metrics: Pick<Metrics, 'attemptEnded'>;
  readonly log: Logger;
  readonly node: Pick<NodeWatch, 'suspect'>;
}

/** Tells metrics and the log what an attempt came to; the node is looked at where it may be to blame. */
export function account(
  { metrics, log, node }: AccountParts,
  resource: ContentResource,
  outcome: SucceededEntry | FailedEntry,
): void {
  const fields = { ...resourceFields(resource), attempt: outcome.attempts };
  const type = typeOf(resource);
  const took = outcome.completionTime - outcome.startTime;
  if (outcome.state === 'succeeded') {
    metrics.attemptEnded(type, successReason, true, took);
    const { source, warnings } = outcome.report;
    log.info({ ...fields, source, warnings, durationMs: took }, 'content is ready');
  } else {
    const { reason, message, step } = outcome.error;
    metrics.attemptEnded(type, reason, false, took);
    if (isOfNode(reason) || reason === 'SandboxFailed') node.suspect();
    const leftover = outcome.dirty ? outcome.hostPath : undefined;
    log.warn({ ...fields, reason, message, step, leftover, durationMs: took }, 'attempt failed');
  }
}

/** The label of metrics; it may have few values only. */
function typeOf({ spec }: ContentResource): string {
  return Object.keys(spec.initializer ?? { proto: true })[0] ?? 'empty';
}
