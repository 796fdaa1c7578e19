import type { ContentProgress } from '../api/protocol.ts';
import { backoffMs, type BackoffPolicy } from './backoff.ts';
import type { Clock } from './clock.ts';

/** Milliseconds between two writes of the progress. */
const intervalMs = 5000;

export interface ProgressThrottleOptions {
  /** Whose `now` nobody sets. */
  readonly clock: Clock;
  /** Between writes that fail. */
  readonly backoff: BackoffPolicy;
  /**
   * Never rejects. Answers how many milliseconds to wait at least before another try; undefined when
   * there is nothing left to try.
   */
  readonly write: (progress?: ContentProgress) => Promise<number | undefined>;
}

/**
 * Tells that an attempt runs and how far it is, one write after the other and never more of the
 * progress than every five seconds. What comes in between is forgotten, unless a write fails: it is
 * tried again with the newest until it lands or the attempt is over.
 */
export class ProgressThrottle {
  readonly #options: ProgressThrottleOptions;
  readonly #over = new AbortController();
  #newest: ContentProgress | undefined;
  #last = Promise.resolve();
  #busy = false;
  #writtenAt = -Infinity;

  constructor(options: ProgressThrottleOptions) {
    this.#options = options;
  }

  /** Writes at once, without a progress. */
  start(): void {
    this.#send();
  }

  progress(progress: ContentProgress): void {
    this.#newest = progress;
    const isTime = this.#options.clock.now() - this.#writtenAt >= intervalMs;
    if (!this.#busy && isTime && !this.#over.signal.aborted) this.#send();
  }

  /**
   * The attempt is over: nothing is written from now on. Resolves when the last write has come to its
   * end, so that none overtakes what follows.
   */
  async settled(): Promise<void> {
    this.#over.abort();
    await this.#last;
  }

  #send(): void {
    this.#busy = true;
    this.#last = this.#writeUntilItLands().finally(() => {
      this.#busy = false;
    });
  }

  async #writeUntilItLands(): Promise<void> {
    const { clock, backoff, write } = this.#options;
    for (let failures = 1; !this.#over.signal.aborted; failures += 1) {
      this.#writtenAt = clock.now();
      const askedMs = await write(this.#newest);
      if (askedMs === undefined) return;
      const pauseMs = Math.max(askedMs, backoffMs(backoff, failures, clock.random()));
      await clock.sleep(pauseMs, this.#over.signal).catch(() => undefined);
    }
  }
}
