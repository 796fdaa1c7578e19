/**
 * Failures with a reason of the catalogue. The error itself carries its policy (is it worth another
 * attempt?), so that no place that catches it has to decide.
 */
import { errorCatalogue } from './error-catalogue.ts';

export type ErrorReason = keyof typeof errorCatalogue;

/** Whether a word that came from outside (the sandbox, a journal) is a reason of the catalogue. */
export function isErrorReason(word: unknown): word is ErrorReason {
  return typeof word === 'string' && Object.hasOwn(errorCatalogue, word);
}

/** Whether another attempt may end better without anybody changing anything. */
export function isRetried(reason: ErrorReason): boolean {
  return errorCatalogue[reason].retried;
}

/** Whether it is the node's fault alone, so that it does not count towards the backoff limit. */
export function isOfNode(reason: ErrorReason): boolean {
  return 'ofNode' in errorCatalogue[reason];
}

interface ContentErrorOptions extends ErrorOptions {
  /** The step that failed, such as composite[1].git. */
  readonly step?: string;
}

/**
 * A failure with a reason from the catalogue. `message` is what happened, a sentence without secrets
 * and without the remedy, which `explain` adds where a person reads it.
 */
export class ContentError extends Error {
  override readonly name = 'ContentError';
  readonly reason: ErrorReason;
  readonly step: string | undefined;

  constructor(reason: ErrorReason, message: string, options: ContentErrorOptions = {}) {
    super(message, options);
    this.reason = reason;
    this.step = options.step;
  }
}

/** What happened and what to do about it, in one text for people. */
export function explain(error: { reason: ErrorReason; message: string }): string {
  const happened = error.message.trim() || errorCatalogue[error.reason].means;
  return `${/[.!?]$/.test(happened) ? happened : `${happened}.`} ${errorCatalogue[error.reason].remedy}`;
}
