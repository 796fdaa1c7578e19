export interface BackoffPolicy {
  /** Milliseconds before the first retry. */
  readonly baseMs: number;
  /** No wait is longer, whatever the number of failures; a server's Retry-After aside. */
  readonly capMs: number;
}

/**
 * How long to wait after that many failures in a row (1 and up), in milliseconds: exponential with
 * the upper half of each step left to chance, so that nodes which failed together do not come back
 * together. `random` is from 0 inclusive to 1 exclusive.
 */
export function backoffMs(policy: BackoffPolicy, failures: number, random: number): number {
  // Beyond 2^30 the cap has long been reached, and the power must stay finite.
  const step = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(Math.max(failures - 1, 0), 30));
  return Math.round(step / 2 + (step / 2) * random);
}

/** Between requests to the API server that fail. */
export const apiBackoff: BackoffPolicy = { baseMs: 800, capMs: 30_000 };

/** Between attempts of one resource. */
export const attemptBackoff: BackoffPolicy = { baseMs: 10_000, capMs: 360_000 };

/** Between looks at what has to be there before an attempt, such as a Secret. */
export const prerequisiteBackoff: BackoffPolicy = { baseMs: 2000, capMs: 60_000 };
