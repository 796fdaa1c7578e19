import { fields, readNumber } from './block.ts';
import { modeOf } from './owners.ts';

/** Entries with the setgid bit for a group that is not the content's own: who may not override permissions loses it. */
export class ForeignSetgid {
  readonly #gid: number;
  #count = 0;
  #first: string | undefined;

  constructor(gid: number) {
    this.#gid = gid;
  }

  get count(): number {
    return this.#count;
  }

  /** The first one's name below the destination, bytes in a latin1 string. */
  get first(): string | undefined {
    return this.#first;
  }

  /** Looks at a header as GNU tar gets it. */
  note(block: Buffer, inside: string): void {
    if ((modeOf(block) & 0o2000) === 0 || readNumber(block, fields.gid) === this.#gid) return;
    this.#count += 1;
    this.#first ??= inside;
  }
}
