import type { RetryPolicy } from './retry.ts';

/** How long a run waits for others, milliseconds. */
export interface Patience {
  /** Without a word from git while it talks to a server. */
  readonly gitSilenceMs: number;
  /** Until a download's connection stands. */
  readonly connectMs: number;
  /** Until a download's answer begins. */
  readonly headersMs: number;
  /** Between two pieces of a download. */
  readonly idleMs: number;
  readonly retry: RetryPolicy;
  /** Of one part of an archive; a part that brings something starts over, so a long download lasts. */
  readonly archiveRetry: RetryPolicy;
  /** For a one-time secret, which its server may have a little later than the run asks for it. */
  readonly oneTimeSecret: RetryPolicy;
}

export const defaultPatience: Patience = {
  gitSilenceMs: 60_000,
  connectMs: 20_000,
  headersMs: 60_000,
  idleMs: 60_000,
  retry: { tries: 3, baseMs: 1000, maxMs: 30_000 },
  archiveRetry: { tries: 6, baseMs: 500, maxMs: 30_000 },
  oneTimeSecret: { tries: 20, baseMs: 1000, maxMs: 1000 },
};
