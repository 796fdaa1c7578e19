import { corrupt } from '../failures.ts';
import type { Sparse } from './entry.ts';
import { blockSize } from './block.ts';
import { checkMapped, mappedByRows, oldGnuExtension, PayloadMap } from './sparse.ts';

/** Follows the map of one sparse file where it is not in its header: in blocks behind it, or in the payload. */
export class SparseGuard {
  readonly #size: number;
  #wantsBlock: boolean;
  #mapped: number;
  #map: PayloadMap | undefined;

  constructor({ mapIn, mapped }: Sparse, size: number) {
    this.#size = size;
    this.#wantsBlock = mapIn === 'blocks';
    this.#mapped = mapped;
    this.#map = mapIn === 'payload' ? new PayloadMap() : undefined;
    if (this.#map !== undefined && size < blockSize) throw corrupt('a sparse file has no map');
  }

  /** Whether the next block belongs to the map. */
  get wantsBlock(): boolean {
    return this.#wantsBlock;
  }

  block(block: Buffer): void {
    this.#mapped += mappedByRows(block, oldGnuExtension);
    checkMapped(this.#mapped, this.#size);
    this.#wantsBlock = block[oldGnuExtension.extendedAt] !== 0;
  }

  /** The next bytes of the payload, and how many follow them. */
  payload(bytes: Buffer, following: number): void {
    if (this.#map === undefined) return;
    if (this.#map.read(bytes)) {
      checkMapped(this.#map.length + this.#map.mapped, this.#size);
      this.#map = undefined;
    } else if (following === 0) {
      throw corrupt('the map of a sparse file does not end');
    }
  }
}
