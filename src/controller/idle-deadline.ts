import type { Clock } from './clock.ts';

/** A signal that is aborted when nothing extends it for a while. */
export class IdleDeadline {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #expired = new AbortController();
  readonly #ended = new AbortController();
  #until: number;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
    this.#until = clock.now() + ms;
    void this.#run();
  }

  get signal(): AbortSignal {
    return this.#expired.signal;
  }

  extend(): void {
    this.#until = this.#clock.now() + this.#ms;
  }

  end(): void {
    this.#ended.abort();
  }

  async #run(): Promise<void> {
    try {
      for (let left = this.#ms; left > 0; left = this.#until - this.#clock.now()) {
        await this.#clock.sleep(left, this.#ended.signal);
      }
      this.#expired.abort();
    } catch {
      // Ended in time.
    }
  }
}
