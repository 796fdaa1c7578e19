import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../src/controller/clock.ts';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that moves only when it is told to. Chance is always one half unless it is set. */
export class FakeClock implements Clock {
  readonly #sleepers = new Set<Sleeper>();
  #now = 0;
  chance = 0.5;

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.chance;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { until: this.#now + ms, wake: resolve };
    const cancel = (): void => {
      this.#sleepers.delete(sleeper);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', cancel, { once: true });
    this.#sleepers.add(sleeper);
    await promise;
    signal.removeEventListener('abort', cancel);
  }

  /** Lets that many milliseconds pass. */
  advance(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.until > this.#now) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }

  /** Moves from one sleeper's end to the next until it is done or nobody sleeps. */
  async runUntil(done: () => boolean): Promise<void> {
    for (;;) {
      // All that needs no time comes first.
      for (let n = 0; n < 5; n += 1) await turn();
      if (done() || this.#sleepers.size === 0) return;
      const next = Math.min(...[...this.#sleepers].map(({ until }) => until));
      this.advance(Math.max(0, next - this.#now));
    }
  }
}
