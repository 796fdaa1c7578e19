import { setTimeout as delay } from 'node:timers/promises';

/** Time and chance as they are handed to everything here that waits. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after that many milliseconds; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** From 0 inclusive to 1 exclusive. */
  random(): number;
}

/** The node's own, which people and time servers set. */
export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, { signal });
    } catch {
      // Node wraps the reason into an AbortError of its own.
      signal.throwIfAborted();
    }
  },
};

/**
 * The same, but `now` is milliseconds since some moment and goes on evenly: for whatever waits or
 * measures, so that a clock that is set neither holds anything up nor makes it look stuck.
 */
export const steadyClock: Clock = { ...systemClock, now: () => performance.now() };
