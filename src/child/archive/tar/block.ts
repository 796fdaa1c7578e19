/**
 * The fields of a tar header, in place in the 512 bytes where they were received. node-tar's Header makes
 * whole headers (see prelude.ts), but cannot serve here: it decodes names as UTF-8 (bytes that are not
 * are lost), knows neither GNU sparse files nor the signed checksums of old archives, and would encode each
 * entry anew instead of changing two numbers.
 */
export const blockSize = 512;

interface Field {
  readonly at: number;
  readonly length: number;
}

export const fields = {
  name: { at: 0, length: 100 },
  mode: { at: 100, length: 8 },
  uid: { at: 108, length: 8 },
  gid: { at: 116, length: 8 },
  size: { at: 124, length: 12 },
  checksum: { at: 148, length: 8 },
  type: { at: 156, length: 1 },
  link: { at: 157, length: 100 },
  magic: { at: 257, length: 8 },
  deviceMajor: { at: 329, length: 8 },
  deviceMinor: { at: 337, length: 8 },
  prefix: { at: 345, length: 155 },
} as const satisfies Record<string, Field>;

export function paddedLength(bytes: number): number {
  return Math.ceil(bytes / blockSize) * blockSize;
}

/** The bytes before the first NUL, each as one character. */
export function readText(block: Buffer, { at, length }: Field): string {
  const nul = block.indexOf(0, at);
  const end = nul === -1 || nul > at + length ? at + length : nul;
  return block.toString('latin1', at, end);
}

const zero = 0x30;
const space = 0x20;

/**
 * A number in octal or base-256; a blank field is 0, as in archives of the seventies.
 * Undefined when it is neither, negative or beyond 2^53.
 */
export function readNumber(block: Buffer, { at, length }: Field): number | undefined {
  const first = block[at] ?? 0;
  if (first >= 0x80) return first === 0x80 ? readBase256(block, at + 1, at + length) : undefined;
  const end = at + length;
  let position = at;
  while (position < end && block[position] === space) position += 1;
  let value = 0;
  for (; position < end; position += 1) {
    const digit = (block[position] ?? 0) - zero;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; position < end; position += 1) {
    const byte = block[position];
    if (byte === 0) break;
    if (byte !== space) return undefined;
  }
  return value;
}

function readBase256(block: Buffer, start: number, end: number): number | undefined {
  let value = 0;
  for (let position = start; position < end; position += 1) {
    value = value * 256 + (block[position] ?? 0);
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return value;
}

/** Octal with a NUL at the end where it fits, else base-256, which GNU tar reads in every format. */
export function writeNumber(block: Buffer, { at, length }: Field, value: number): void {
  const octal = value < 8 ** (length - 1);
  let rest = value;
  if (octal) block[at + length - 1] = 0;
  for (let position = at + length - (octal ? 2 : 1); position >= at; position -= 1) {
    block[position] = octal ? zero + (rest % 8) : rest % 256;
    rest = Math.floor(rest / (octal ? 8 : 256));
  }
  if (!octal) block[at] = 0x80;
}

/** Sum of all bytes with those of the checksum itself counted as spaces. */
function sum(block: Buffer): number {
  let total = fields.checksum.length * space;
  for (let position = 0; position < fields.checksum.at; position += 1)
    total += block[position] ?? 0;
  for (let position = fields.type.at; position < blockSize; position += 1) {
    total += block[position] ?? 0;
  }
  return total;
}

/** Old tars summed signed characters: those above 127 count 256 less. */
function signedSum(block: Buffer): number {
  const high = block.filter(
    (byte, position) => byte > 127 && (position < fields.checksum.at || position >= fields.type.at),
  );
  return sum(block) - 256 * high.length;
}

export type BlockState = 'valid' | 'zero' | 'invalid';

/** Whether a block is a header with the right checksum, all zeros (a part of the end mark), or neither. */
export function examine(block: Buffer): BlockState {
  const expected = readNumber(block, fields.checksum);
  const actual = sum(block);
  if (expected === actual) return 'valid';
  if (actual === fields.checksum.length * space && !block.some((byte) => byte !== 0)) return 'zero';
  return expected === signedSum(block) ? 'valid' : 'invalid';
}

export function writeChecksum(block: Buffer): void {
  // Six digits, NUL, space: what every tar writes.
  writeNumber(block, { at: fields.checksum.at, length: 7 }, sum(block));
  block[fields.checksum.at + 7] = space;
}
