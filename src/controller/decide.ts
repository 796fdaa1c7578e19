import { isRetried } from '../api/errors.ts';
import type { ContentResource } from '../api/resource.ts';
import { attemptBackoff } from './backoff.ts';
import {
  type FailedEntry,
  type JournalEntry,
  ownsContent,
  type RunningEntry,
  type SucceededEntry,
} from './journal-entry.ts';
import { entryOf, type History } from './journal.ts';

export interface Situation {
  readonly resource: ContentResource;
  /** What the node's journal has on the resource's uid. */
  readonly history: History;
  /** The node that this daemon serves. */
  readonly nodeName: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Where its content goes, as far as it may go there. */
  readonly destination?: string | undefined;
  /** A Secret that the last attempt was given has changed since. */
  readonly hasOtherSecrets?: boolean;
}

/**
 * What may lie in the directory when an attempt starts. `empty`: nothing, else it is refused.
 * `remains`: what an earlier attempt of this uid left, which is removed. `given-up`: anything; the
 * resource says that it may be replaced.
 */
export type Expected = 'empty' | 'remains' | 'given-up';

/** Keeps a resource with deletionPolicy Delete until its directory is removed. */
export const contentFinalizer = 'workspacecontent.dev/content';

/** What becomes of the directory of a resource that is being deleted. */
export type Farewell =
  | { readonly kind: 'remove'; readonly entry: JournalEntry }
  | { readonly kind: 'keep' }
  /** It should go, but nothing proves that what lies there is this resource's. */
  | { readonly kind: 'unproven' };

export type Action =
  /** It is none of this daemon's business, or nobody waits for it any more. */
  | { readonly kind: 'ignore' }
  /** The content is there: say so, and touch nothing. */
  | { readonly kind: 'publish'; readonly entry: SucceededEntry }
  /** The journal speaks of an attempt that nobody watches: end what is left of it. */
  | { readonly kind: 'recover'; readonly entry: RunningEntry }
  /** The last attempt was the last. */
  | { readonly kind: 'give-up'; readonly entry: FailedEntry }
  | { readonly kind: 'suspend' }
  /** Its directory is to go with it: the finalizer comes before the first attempt. */
  | { readonly kind: 'protect' }
  /** It is being deleted and waits for its finalizer to go. */
  | { readonly kind: 'finalize'; readonly farewell: Farewell }
  | { readonly kind: 'wait'; readonly entry: FailedEntry }
  | { readonly kind: 'run'; readonly expected: Expected };

/**
 * What to do for a resource that no attempt runs for now. Pure. The order is the meaning: content
 * that is there comes before everything, and nothing leads from it to another attempt.
 */
export function decide(situation: Situation): Action {
  const { resource, history, nodeName, now, hasOtherSecrets = false } = situation;
  const { spec, deletionTimestamp, finalizers } = resource;
  const entry = entryOf(history);
  const deleted = deletionTimestamp !== undefined;
  if (spec.nodeName !== nodeName) return { kind: 'ignore' };
  if (entry?.state === 'running') return { kind: 'recover', entry };
  const protectedByUs = finalizers.includes(contentFinalizer);
  if (deleted && protectedByUs) return { kind: 'finalize', farewell: farewell(resource, history) };
  if (deleted) return { kind: 'ignore' };
  if (entry?.state === 'succeeded') return { kind: 'publish', entry };
  // With another Secret it is as good as new.
  const failure = entry?.state === 'failed' && !hasOtherSecrets ? entry : undefined;
  if (failure !== undefined && isLast(failure, spec.backoffLimit)) {
    return { kind: 'give-up', entry: failure };
  }
  if (spec.suspend) return { kind: 'suspend' };
  if (failure !== undefined && mustWait(failure, now)) return { kind: 'wait', entry: failure };
  if (spec.deletionPolicy === 'Delete' && !protectedByUs) return { kind: 'protect' };
  return { kind: 'run', expected: expectation(situation) };
}

function farewell({ spec, status }: ContentResource, history: History): Farewell {
  if (spec.deletionPolicy !== 'Delete') return { kind: 'keep' };
  if (isForgotten(history, status)) return { kind: 'unproven' };
  const entry = entryOf(history);
  return entry !== undefined && ownsContent(entry) ? { kind: 'remove', entry } : { kind: 'keep' };
}

function isLast({ error, failures }: FailedEntry, backoffLimit: number): boolean {
  // A suspend cancelled it, and was lifted since.
  if (error.reason === 'Cancelled') return false;
  return !isRetried(error.reason) || failures > backoffLimit;
}

function mustWait({ retryAt }: FailedEntry, now: number): boolean {
  // No wait is that long: the clock was set back.
  return retryAt > now && retryAt - now <= attemptBackoff.capMs;
}

function expectation({ resource, history, destination }: Situation): Expected {
  const { spec, status } = resource;
  // What lies there may be the work that was done in content of this uid.
  if (isForgotten(history, status)) return 'empty';
  const entry = entryOf(history);
  // Under another data root than the last attempt's lies somebody else's.
  const isItsPlace = destination === undefined || entry?.hostPath === destination;
  if (entry?.dirty && isItsPlace) return 'remains';
  return spec.existingContent === 'Replace' ? 'given-up' : 'empty';
}

/** Whether there may be content that the node remembers nothing of: its word on it is unreadable, or was lost. */
export function isForgotten(
  history: History,
  { attempts = 0, phase }: ContentResource['status'],
): boolean {
  if (history === undefined) return attempts > 0 || phase === 'Ready';
  return history === 'unreadable';
}
