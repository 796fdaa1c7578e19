/** Tar archives block by block, as no tool would write them. */

/** One entry, or one extended header; what is left out is as GNU tar writes it for an empty file. */
export interface RawEntry {
  readonly name?: string;
  readonly type?: string;
  readonly mode?: number;
  /** A number, or the field's bytes as they are. */
  readonly uid?: number | Buffer;
  readonly gid?: number | Buffer;
  /** Instead of the payload's length. */
  readonly size?: number | Buffer;
  readonly link?: string;
  readonly device?: readonly [major: number, minor: number];
  readonly format?: 'gnu' | 'ustar' | 'v7';
  readonly prefix?: string;
  readonly payload?: string | Buffer;
  /** Written over the block at these offsets, before the checksum. */
  readonly patch?: Readonly<Record<number, string | Buffer>>;
  /** Instead of the right one. */
  readonly checksum?: number;
}

const magics = { gnu: 'ustar  \0', ustar: 'ustar\u000000', v7: '' };

/** The blocks of an entry with its payload, padded. */
export function rawEntry(entry: RawEntry): Buffer {
  const { name = 'file', type = '0', mode = 0o644, format = 'gnu', link = '' } = entry;
  const payload = Buffer.from(entry.payload ?? '');
  const block = Buffer.alloc(512);
  block.write(name, 0, 100, 'latin1');
  writeField(block, 100, 8, mode);
  writeField(block, 108, 8, entry.uid ?? 0);
  writeField(block, 116, 8, entry.gid ?? 0);
  writeField(block, 124, 12, entry.size ?? payload.length);
  writeField(block, 136, 12, 1_700_000_000);
  block.write(type, 156, 1, 'latin1');
  block.write(link, 157, 100, 'latin1');
  block.write(magics[format], 257, 8, 'latin1');
  if (entry.device !== undefined) {
    writeField(block, 329, 8, entry.device[0]);
    writeField(block, 337, 8, entry.device[1]);
  }
  if (entry.prefix !== undefined) block.write(entry.prefix, 345, 155, 'latin1');
  for (const [at, bytes] of Object.entries(entry.patch ?? {})) {
    Buffer.from(bytes).copy(block, Number(at));
  }
  const sum = block.fill(' ', 148, 156).reduce((total, byte) => total + byte, 0);
  block.write(`${(entry.checksum ?? sum).toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
  return Buffer.concat([block, payload, Buffer.alloc(-payload.length & 511)]);
}

function writeField(block: Buffer, at: number, length: number, value: number | Buffer): void {
  if (typeof value !== 'number') value.copy(block, at);
  else block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, length, 'latin1');
}

/** A pax extended header with these records, in this order. */
export function pax(records: Readonly<Record<string, string | Buffer>>, type = 'x'): RawEntry {
  const payload = Buffer.concat(
    Object.entries(records).map(([key, value]) => paxRecord(key, Buffer.from(value))),
  );
  return { name: 'PaxHeaders/x', type, payload, format: 'ustar' };
}

function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length += 1;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** GNU tar's header for a long name (L) or a long target (K). */
export function longName(name: string, type: 'L' | 'K' = 'L'): RawEntry {
  return { name: '././@LongLink', type, payload: `${name}\0` };
}

export const endMark = Buffer.alloc(1024);

export function rawArchive(...entries: readonly RawEntry[]): Buffer {
  return Buffer.concat([...entries.map(rawEntry), endMark]);
}

/** Base-256, as GNU tar and pax writers store what does not fit into octal digits. */
export function base256(value: number, length: number): Buffer {
  const field = Buffer.alloc(length);
  field.writeUIntBE(value, length - 6, 6);
  field[0] = 0x80;
  return field;
}
