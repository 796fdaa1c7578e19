import { FairFifo } from './fair-fifo.ts';
import { namespaceOf } from './keys.ts';

/**
 * How many attempts run at once. A key that finds no slot is remembered; a slot that becomes free
 * is kept for the namespace whose turn it is, and `onReserved` says for which key.
 */
export class RunSlots {
  readonly #limit: number;
  readonly #onReserved: (key: string) => void;
  readonly #waiting = new FairFifo();
  readonly #reserved = new Set<string>();
  #running = 0;

  constructor(limit: number, onReserved: (key: string) => void) {
    this.#limit = limit;
    this.#onReserved = onReserved;
  }

  get running(): number {
    return this.#running;
  }

  get limit(): number {
    return this.#limit;
  }

  get waiting(): number {
    return this.#waiting.size + this.#reserved.size;
  }

  /** Whether the key may run now; if so, `release` is due at its end. */
  claim(key: string): boolean {
    if (!this.#reserved.delete(key) && this.#running + this.#reserved.size >= this.#limit) {
      this.#waiting.add(namespaceOf(key), key);
      return false;
    }
    this.#waiting.delete(namespaceOf(key), key);
    this.#running += 1;
    return true;
  }

  release(): void {
    this.#running -= 1;
    this.#hand();
  }

  /** The key does not want to run any more. */
  withdraw(key: string): void {
    this.#waiting.delete(namespaceOf(key), key);
    if (this.#reserved.delete(key)) this.#hand();
  }

  #hand(): void {
    if (this.#running + this.#reserved.size >= this.#limit) return;
    const key = this.#waiting.take();
    if (key === undefined) return;
    this.#reserved.add(key);
    this.#onReserved(key);
  }
}
