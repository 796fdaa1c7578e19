import type { ResourceIdentity } from '../api/resource.ts';
import { backoffMs, type BackoffPolicy } from './backoff.ts';
import type { Clock } from './clock.ts';
import { toKey } from './keys.ts';

export interface RetriesOptions {
  /** Whose `now` nobody sets. */
  readonly steady: Pick<Clock, 'now' | 'random'>;
  readonly addAfter: (key: string, ms: number) => void;
}

/** A resource as it was when something stood in its way, and until when that is not looked at again. */
interface Rest {
  readonly version: string;
  readonly until: number;
}

/** Has keys that were not brought further looked at again, after a pause that grows. */
export class Retries {
  readonly #options: RetriesOptions;
  /** Times in a row. */
  readonly #failures = new Map<string, number>();
  readonly #rests = new Map<string, Rest>();

  constructor(options: RetriesOptions) {
    this.#options = options;
  }

  retry(key: string, policy: BackoffPolicy, atLeastMs = 0): void {
    this.#options.addAfter(key, Math.max(atLeastMs, this.#pauseOf(key, policy)));
  }

  /**
   * As `retry`; in the pause only a change of what the resource asks for has it tried earlier. Its status
   * is no reason: what the daemon writes there comes back by the watch, and would be one each time.
   */
  rest(resource: ResourceIdentity, policy: BackoffPolicy): void {
    const { addAfter, steady } = this.#options;
    const key = toKey(resource);
    const pause = this.#pauseOf(key, policy);
    this.#rests.set(key, { version: versionOf(resource), until: steady.now() + pause });
    addAfter(key, pause);
  }

  /** Whether it rests still; then it comes up again when that is over. */
  isResting(resource: ResourceIdentity): boolean {
    const { addAfter, steady } = this.#options;
    const left = (this.#restOf(resource)?.until ?? -Infinity) - steady.now();
    if (left > 0) addAfter(toKey(resource), left);
    return left > 0;
  }

  /** Whether it rests, or has rested and was not brought further since, for all that it asks for now. */
  hasRested(resource: ResourceIdentity): boolean {
    return this.#restOf(resource) !== undefined;
  }

  #restOf(resource: ResourceIdentity): Rest | undefined {
    const rest = this.#rests.get(toKey(resource));
    return rest?.version === versionOf(resource) ? rest : undefined;
  }

  /** The key was brought further, or is gone: the next pause is a short one. */
  forget(key: string): void {
    this.#failures.delete(key);
    this.#rests.delete(key);
  }

  #pauseOf(key: string, policy: BackoffPolicy): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    return backoffMs(policy, failures, this.#options.steady.random());
  }
}

function versionOf({ uid, generation, deletionTimestamp }: ResourceIdentity): string {
  return [uid, generation, deletionTimestamp].join();
}
