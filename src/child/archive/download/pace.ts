import type { Clock } from '../../clock.ts';

/** When one connection is too slow: the reader waits most of the time, and others might bring more. */
export interface PaceTuning {
  /** How long is looked, milliseconds. */
  readonly windowMs: number;
  /** Part of the time that the reader waited, 0 to 1. */
  readonly waitingShare: number;
  /** Bytes a second that are enough in any case. */
  readonly fastEnough: number;
}

/** Watches how a reader and what it reads from get along. */
export class Pace {
  readonly #clock: Clock;
  readonly #tuning: PaceTuning;
  #since: bigint | undefined;
  #waited = 0n;
  #bytes = 0;

  constructor(clock: Clock, tuning: PaceTuning) {
    this.#clock = clock;
    this.#tuning = tuning;
  }

  /** Waits for the next chunk; returns whether the reader turned out to be kept waiting. */
  async next(chunks: AsyncIterator<Buffer>): Promise<{ chunk?: Buffer; starved: boolean }> {
    const asked = this.#clock.now();
    const next = await chunks.next();
    const now = this.#clock.now();
    if (next.done === true) return { starved: false };
    const chunk = next.value;
    // The time to the first byte says nothing about the connection's speed.
    if (this.#since === undefined) this.#since = now;
    else this.#waited += now - asked;
    this.#bytes += chunk.length;
    return { chunk, starved: this.#judge(now) };
  }

  #judge(now: bigint): boolean {
    const { windowMs, waitingShare, fastEnough } = this.#tuning;
    const elapsed = Number(now - (this.#since ?? now)) / 1e6;
    if (elapsed < windowMs) return false;
    const starved =
      Number(this.#waited) / 1e6 > elapsed * waitingShare &&
      this.#bytes < (fastEnough * elapsed) / 1000;
    this.#since = now;
    this.#waited = 0n;
    this.#bytes = 0;
    return starved;
  }
}
