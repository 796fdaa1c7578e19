/** Keys whose directory belongs to another resource. */
export class PathWaiters {
  readonly #add: (key: string) => void;
  readonly #keys = new Set<string>();

  /** `add` has a key looked at again. */
  constructor(add: (key: string) => void) {
    this.#add = add;
  }

  wait(key: string): void {
    this.#keys.add(key);
  }

  leave(key: string): void {
    this.#keys.delete(key);
  }

  /** A directory may have become free. */
  wake(): void {
    for (const key of this.#keys) this.#add(key);
    this.#keys.clear();
  }
}
