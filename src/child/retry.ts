import type { ContentError } from '../api/errors.ts';
import type { Clock, Random } from './clock.ts';

/** Tries within one step; the daemon's attempts of the whole run come on top. */
export interface RetryPolicy {
  /** How many tries there are, the first included. */
  readonly tries: number;
  /** Longest wait before the second try; it doubles from then on. */
  readonly baseMs: number;
  /** Longest wait of all, also of one that a server asks for. */
  readonly maxMs: number;
}

/** A failure that the next try may not have. `failure` is what is reported when no try is left. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure';
  readonly failure: ContentError;
  /** How long the server asked to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(failure: ContentError, retryAfterMs?: number) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Milliseconds to wait after try number `tried` (the first is 1); undefined when none is left. Half of
 * the wait is random, so that a node's runs do not come back to a weak server all at once.
 */
export function delayAfter(
  policy: RetryPolicy,
  tried: number,
  fraction: number,
  retryAfterMs = 0,
): number | undefined {
  if (tried >= policy.tries) return undefined;
  const longest = Math.min(policy.baseMs * 2 ** (tried - 1), policy.maxMs);
  return Math.min(Math.max(longest * (0.5 + fraction / 2), retryAfterMs), policy.maxMs);
}

/**
 * Milliseconds that a Retry-After header asks to wait, in either of its forms: seconds, or a date, which
 * is compared with the same answer's Date, so that no two clocks have to agree. Undefined without one.
 */
export function parseRetryAfter(
  header: string | undefined,
  date: string | undefined,
): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const wait = Date.parse(header) - Date.parse(date ?? '');
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** The same for an answer's headers. */
export function retryAfterOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): number | undefined {
  const { 'retry-after': header, date } = headers;
  if (typeof header !== 'string') return undefined;
  return parseRetryAfter(header, typeof date === 'string' ? date : undefined);
}

export interface RetryTools {
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly random: Pick<Random, 'fraction'>;
  readonly signal: AbortSignal;
}

/** Runs until it succeeds, fails for good, or fails transiently too often; then throws the failure. */
export async function withRetries<T>(run: () => Promise<T>, tools: RetryTools): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    tools.signal.throwIfAborted();
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof TransientFailure)) throw error;
      const { policy, clock, random, signal } = tools;
      const waitMs = delayAfter(policy, tried, random.fraction(), error.retryAfterMs);
      if (waitMs === undefined) throw error.failure;
      await clock.sleep(waitMs, signal);
    }
  }
}
