import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** Monotonic, nanoseconds. */
  readonly now: () => bigint;
  /** Rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export const systemClock: Clock = {
  now: () => process.hrtime.bigint(),
  sleep: async (ms, signal) => await delay(ms, undefined, { signal }),
};

export interface Random {
  /** From 0 up to, but not including, 1. */
  readonly fraction: () => number;
  /** Part of a file name that nothing else in the destination has. */
  readonly name: () => string;
}

export const systemRandom: Random = {
  fraction: () => Math.random(),
  // Unique is enough, and node:crypto alone would take a fifth of the start of an empty run.
  name: () => Math.random().toString(36).slice(2).padEnd(10, '0'),
};
