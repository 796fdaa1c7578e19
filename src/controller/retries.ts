import { backoffMs, type BackoffPolicy } from './backoff.ts';
import type { Clock } from './clock.ts';

export interface RetriesOptions {
  readonly clock: Pick<Clock, 'random'>;
  readonly addAfter: (key: string, ms: number) => void;
}

/** Has keys that were not brought further looked at again, after a pause that grows. */
export class Retries {
  readonly #options: RetriesOptions;
  /** Times in a row. */
  readonly #failures = new Map<string, number>();

  constructor(options: RetriesOptions) {
    this.#options = options;
  }

  retry(key: string, policy: BackoffPolicy, atLeastMs = 0): void {
    const { clock, addAfter } = this.#options;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    addAfter(key, Math.max(atLeastMs, backoffMs(policy, failures, clock.random())));
  }

  /** The key was brought further, or is gone: the next pause is a short one. */
  forget(key: string): void {
    this.#failures.delete(key);
  }
}
