/**
 * A set of paths that remembers 64 bits of each: at most 22 bytes a path, however long. Two paths may look
 * alike (by chance once in 10^7 archives of a million links); whoever asks must be safe when told
 * that a path is there which is not.
 */
export class PathSet {
  /** Two numbers a slot: 0,0 is free. */
  #slots = new Uint32Array(2 * 1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(path: string): boolean {
    return this.#size > 0 && this.#slots[this.#find(hash(path))] !== 0;
  }

  add(path: string): void {
    if (this.#insert(hash(path))) this.#growWhenFull();
  }

  /** Returns whether it was there. */
  delete(path: string): boolean {
    if (this.#size === 0) return false;
    let hole = this.#find(hash(path));
    if (this.#slots[hole] === 0) return false;
    this.#size -= 1;
    // What probing put behind the hole must stay reachable: the run after it is put in anew.
    this.#slots[hole] = 0;
    for (;;) {
      hole = this.#after(hole);
      const moved = this.#hashAt(hole);
      if (moved[0] === 0) return true;
      this.#slots[hole] = 0;
      this.#size -= 1;
      this.#insert(moved);
    }
  }

  #insert(key: Hash): boolean {
    const slot = this.#find(key);
    if (this.#slots[slot] !== 0) return false;
    this.#slots.set(key, slot);
    this.#size += 1;
    return true;
  }

  /** The slot of a path, or the free one where it would go. */
  #find(key: Hash): number {
    const slots = this.#slots;
    let slot = (key[1] * 2) % slots.length;
    while (slots[slot] !== 0 && (slots[slot] !== key[0] || slots[slot + 1] !== key[1])) {
      slot = this.#after(slot);
    }
    return slot;
  }

  #after(slot: number): number {
    return (slot + 2) % this.#slots.length;
  }

  #hashAt(slot: number): Hash {
    return [this.#slots[slot] ?? 0, this.#slots[slot + 1] ?? 0];
  }

  #growWhenFull(): void {
    if (this.#size * 8 < this.#slots.length * 3) return;
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    this.#size = 0;
    for (let slot = 0; slot < old.length; slot += 2) {
      if (old[slot] !== 0) this.#insert([old[slot] ?? 0, old[slot + 1] ?? 0]);
    }
  }
}

/** The first is never 0. */
type Hash = readonly [number, number];

/** cyrb53's mixing: two multiplicative hashes that feed each other at the end. */
function hash(text: string): Hash {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 2_654_435_761);
    b = Math.imul(b ^ code, 1_597_334_677);
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  return [a >>> 0 || 1, b >>> 0];
}
