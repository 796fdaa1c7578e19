import type { Clock } from '../../clock.ts';

/** When a connection counts as dead: fewer than `bytes` while the reader waited for `ms`. */
export interface Silence {
  readonly ms: number;
  readonly bytes: number;
}

/** Aborts its signal when a server falls silent, or nearly. Time in which nobody asked for bytes does not count. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #silence: Silence;
  readonly #own = new AbortController();
  readonly #timer = new AbortController();
  readonly signal: AbortSignal;
  #waitingSince: bigint | undefined;
  /** Time waited and bytes received since the last look. */
  #waited = 0n;
  #bytes = 0;

  constructor({
    clock,
    silence,
    signal,
  }: {
    readonly clock: Clock;
    readonly silence: Silence;
    readonly signal: AbortSignal;
  }) {
    this.#clock = clock;
    this.#silence = silence;
    this.signal = AbortSignal.any([signal, this.#own.signal]);
    void this.#watch();
  }

  /** Waits for something from the server. */
  async during<T>(wait: () => Promise<T>): Promise<T> {
    this.#waitingSince = this.#clock.now();
    try {
      return await wait();
    } finally {
      this.#look();
      this.#waitingSince = undefined;
    }
  }

  received(bytes: number): void {
    this.#bytes += bytes;
  }

  stop(): void {
    this.#timer.abort();
  }

  async #watch(): Promise<void> {
    try {
      for (;;) {
        await this.#clock.sleep(this.#silence.ms / 4, this.#timer.signal);
        this.#look();
        if (this.#waited < BigInt(this.#silence.ms) * 1_000_000n) continue;
        if (this.#bytes < this.#silence.bytes) {
          this.#own.abort(new Error(`the server sent next to nothing for ${this.#silence.ms} ms`));
          return;
        }
        this.#waited = 0n;
        this.#bytes = 0;
      }
    } catch {
      // Stopped.
    }
  }

  /** Adds the time that is waited right now. */
  #look(): void {
    if (this.#waitingSince === undefined) return;
    const now = this.#clock.now();
    this.#waited += now - this.#waitingSince;
    this.#waitingSince = now;
  }
}
