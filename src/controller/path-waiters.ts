/** Keys whose directory belongs to another resource. */
export class PathWaiters {
  readonly #add: (key: string) => void;
  /** Keys by whose directory it is; nobody's, as long as that is not known. */
  readonly #owners = new Map<string, string | undefined>();

  /** `add` has a key looked at again. */
  constructor(add: (key: string) => void) {
    this.#add = add;
  }

  wait(key: string, owner?: string): void {
    this.#owners.set(key, owner);
  }

  leave(key: string): void {
    this.#owners.delete(key);
  }

  /** What belonged to a key may have become free. */
  wake(freed: string): void {
    for (const [key, owner] of this.#owners) {
      if (owner !== undefined && owner !== freed) continue;
      this.#owners.delete(key);
      this.#add(key);
    }
  }
}
