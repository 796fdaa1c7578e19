/** What becomes of one chunk: slices of it as they are, less what is dropped, with blocks put between. */
export class Slices {
  #chunk: Buffer = Buffer.alloc(0);
  #out: Buffer[] = [];
  /** Up to here everything is in #out or dropped. */
  #done = 0;

  begin(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#out = [];
    this.#done = 0;
  }

  /** Leaves out the bytes from `start` to `end`. */
  drop(start: number, end: number): void {
    this.#passUntil(start);
    this.#done = end;
  }

  /** Puts something before the byte at `position`. */
  insert(position: number, ...blocks: readonly Buffer[]): void {
    this.#passUntil(position);
    this.#out.push(...blocks.filter(({ length }) => length > 0));
  }

  end(): Buffer[] {
    this.#passUntil(this.#chunk.length);
    const out = this.#out;
    this.#chunk = Buffer.alloc(0);
    this.#out = [];
    return out;
  }

  #passUntil(position: number): void {
    if (position > this.#done) this.#out.push(this.#chunk.subarray(this.#done, position));
    this.#done = Math.max(this.#done, position);
  }
}
