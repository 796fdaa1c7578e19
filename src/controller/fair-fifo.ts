/**
 * A set of keys in order of arrival within their group; groups take turns, so that one with many
 * keys does not hold up another with few.
 */
export class FairFifo {
  /** Map and Set keep the order of insertion: the first group is the one whose turn it is. */
  readonly #groups = new Map<string, Set<string>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(group: string, key: string): boolean {
    return this.#groups.get(group)?.has(key) ?? false;
  }

  /** A key that is there already keeps its place. */
  add(group: string, key: string): void {
    let keys = this.#groups.get(group);
    if (keys === undefined) {
      keys = new Set();
      this.#groups.set(group, keys);
    }
    if (keys.has(key)) return;
    keys.add(key);
    this.#size += 1;
  }

  delete(group: string, key: string): boolean {
    const keys = this.#groups.get(group);
    if (keys === undefined || !keys.delete(key)) return false;
    this.#size -= 1;
    if (keys.size === 0) this.#groups.delete(group);
    return true;
  }

  /** Takes the next key out; its group goes to the end of the line. */
  take(): string | undefined {
    for (const [group, keys] of this.#groups) {
      for (const key of keys) {
        this.delete(group, key);
        if (this.#groups.delete(group)) this.#groups.set(group, keys);
        return key;
      }
    }
    return undefined;
  }
}
