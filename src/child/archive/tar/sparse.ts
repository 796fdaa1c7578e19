/**
 * Sparse files of GNU tar. The bytes pass unchanged; what is checked is that the map of the data names no
 * more than the entry's payload holds. GNU tar reads as much as the map says: beyond the payload it
 * would take later headers for data and, worse, later data for headers that nobody looked at.
 */
import { corrupt } from '../failures.ts';
import { paddedLength, readNumber } from './block.ts';
import { wholeNumber } from './pax-values.ts';

/** Pax formats 0.0 and 0.1 have the map in records, 1.0 at the begin of the payload. */
export interface SparseRecords {
  readonly mapInPayload: boolean;
  readonly name?: string;
  /** Of the file with its holes. */
  readonly realSize: number;
  /** Bytes of payload that the map in the records names. */
  readonly mapped?: number;
}

/** Adds a GNU.sparse record to those before it. */
export function readSparseRecord(
  before: SparseRecords = { mapInPayload: false, realSize: 0 },
  key: string,
  value: string,
): SparseRecords {
  switch (key.slice('GNU.sparse.'.length)) {
    case 'name':
      return { ...before, name: value };
    case 'size':
    case 'realsize':
      return { ...before, realSize: wholeNumber(key, value) };
    case 'numbytes':
      return { ...before, mapped: (before.mapped ?? 0) + paddedLength(wholeNumber(key, value)) };
    case 'map':
      return { ...before, mapped: mappedBytes(key, value) };
    case 'major':
      return { ...before, mapInPayload: oneOf(key, value, ['0', '1']) === '1' };
    case 'minor':
      oneOf(key, value, ['0', '1']);
      return before;
    case 'offset':
    case 'numblocks':
      wholeNumber(key, value);
      return before;
    default:
      throw corrupt(`a sparse file has a record of an unknown format, ${key}`);
  }
}

/** `offset,length,offset,length,...` */
function mappedBytes(key: string, map: string): number {
  const numbers = map.split(',').map((number) => wholeNumber(key, number));
  if (numbers.length % 2 !== 0) throw corrupt('the map of a sparse file ends in the middle');
  return numbers.reduce(
    (total, number, index) => total + (index % 2 === 1 ? paddedLength(number) : 0),
    0,
  );
}

function oneOf(key: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value;
  throw corrupt(`a sparse file is of an unknown format: ${key}=${value}`);
}

/** What the payload has to hold at least, in bytes. */
export function checkMapped(mapped: number, payload: number): void {
  if (mapped > paddedLength(payload)) {
    throw corrupt('the map of a sparse file names more data than the archive has for it');
  }
}

/** The old GNU format: four rows of the map in the header, 21 in each block that may follow. */
export const oldGnuHeader = { at: 386, rows: 4, extendedAt: 482, realSizeAt: 483 } as const;
export const oldGnuExtension = { at: 0, rows: 21, extendedAt: 504 } as const;

const rowBytes = 24;
const numberBytes = 12;

/** Bytes of payload that the rows of one block name. */
export function mappedByRows(
  block: Buffer,
  { at, rows }: { readonly at: number; readonly rows: number },
): number {
  let mapped = 0;
  for (let row = 0; row < rows; row += 1) {
    const start = at + row * rowBytes;
    const length = readNumber(block, { at: start + numberBytes, length: numberBytes });
    if (length === undefined) throw corrupt('the map of a sparse file is not made of numbers');
    mapped += paddedLength(length);
  }
  return mapped;
}

/** Reads the map at the begin of a payload of format 1.0: a count, then two numbers a row, a line each. */
export class PayloadMap {
  #line = 0;
  #number = 0;
  #digits = 0;
  #lines = 1;
  #bytes = 0;
  #mapped = 0;

  /** Takes the next bytes of the payload; returns whether the map has ended. */
  read(bytes: Buffer): boolean {
    for (const byte of bytes) {
      this.#bytes += 1;
      if (byte === 0x0a && this.#digits > 0) this.#endLine();
      else if (byte >= 0x30 && byte <= 0x39 && this.#digits < 16) {
        this.#number = this.#number * 10 + byte - 0x30;
        this.#digits += 1;
      } else throw corrupt('the map of a sparse file is not made of numbers');
      if (this.#line === this.#lines) return true;
    }
    return false;
  }

  /** Padded bytes of the map itself. */
  get length(): number {
    return paddedLength(this.#bytes);
  }

  /** Padded bytes of payload that it names. */
  get mapped(): number {
    return this.#mapped;
  }

  #endLine(): void {
    if (this.#line === 0) this.#lines = 1 + 2 * this.#number;
    else if (this.#line % 2 === 0) this.#mapped += paddedLength(this.#number);
    this.#line += 1;
    this.#number = 0;
    this.#digits = 0;
  }
}
