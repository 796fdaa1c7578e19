import { ContentError } from '../api/errors.ts';
import type { ResourceIdentity } from '../api/resource.ts';
import type { BackoffPolicy } from './backoff.ts';
import type { JournalEntry } from './journal-entry.ts';
import { toKey } from './keys.ts';
import type { Reporter } from './reporter.ts';
import type { Retries } from './retries.ts';

export interface DoOrSayParts {
  readonly reporter: Pick<Reporter, 'report'>;
  readonly prerequisiteBackoff: BackoffPolicy;
  /** Aborted when the daemon is to end. */
  readonly stopping: AbortSignal;
}

export interface Step {
  readonly identity: ResourceIdentity;
  readonly entry: JournalEntry | undefined;
  /** For the status. */
  readonly hostPath: string | undefined;
  readonly act: () => Promise<void>;
}

/**
 * Does a step for a resource and answers whether it was done: a ContentError that stands in its way is said
 * in the resource's status, and it is tried again after a pause, before which nothing is done. Throws
 * whatever else it fails by.
 */
export async function doOrSay(
  { reporter, prerequisiteBackoff, stopping }: DoOrSayParts,
  retries: Retries,
  { identity, entry, hostPath, act }: Step,
): Promise<boolean> {
  if (retries.isResting(identity)) return false;
  try {
    await act();
    retries.forget(toKey(identity));
    return true;
  } catch (error) {
    if (!(error instanceof ContentError) || stopping.aborted) throw error;
    await reporter.report(identity, { kind: 'blocked', entry, error }, hostPath);
    retries.rest(identity, prerequisiteBackoff);
    return false;
  }
}
