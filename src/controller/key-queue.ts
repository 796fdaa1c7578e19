import { FairFifo } from './fair-fifo.ts';
import { namespaceOf } from './keys.ts';

/**
 * Which key is worked on next. A key is handed to one worker at a time; what is added while it is
 * worked on counts once, afterwards; namespaces take turns. Pure: time comes in as milliseconds,
 * and nobody is woken up (`Workers` does that).
 */
export class KeyQueue {
  readonly #ready = new FairFifo();
  readonly #active = new Set<string>();
  /** Keys that were added while they were worked on. */
  readonly #again = new Set<string>();
  /** When a key is to be added. */
  readonly #due = new Map<string, number>();

  /** Keys that could be worked on now. */
  get depth(): number {
    return this.#ready.size;
  }

  get active(): number {
    return this.#active.size;
  }

  add(key: string): void {
    if (this.#active.has(key)) this.#again.add(key);
    else this.#ready.add(namespaceOf(key), key);
  }

  /** Adds the key at that time; of several times the earliest counts. */
  addAt(key: string, at: number): void {
    this.#due.set(key, Math.min(at, this.#due.get(key) ?? Infinity));
  }

  /** When the next delayed key is due, if there is one. */
  nextDue(): number | undefined {
    let next: number | undefined;
    for (const at of this.#due.values()) next = Math.min(at, next ?? at);
    return next;
  }

  /** The next key, which is active until `done` is called with it. */
  take(now: number): string | undefined {
    for (const [key, at] of this.#due) {
      if (at > now) continue;
      this.#due.delete(key);
      this.add(key);
    }
    const key = this.#ready.take();
    // Whatever it was to be looked at for later is looked at now; who works on it says when again.
    if (key !== undefined) {
      this.#due.delete(key);
      this.#active.add(key);
    }
    return key;
  }

  done(key: string): void {
    this.#active.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }
}
