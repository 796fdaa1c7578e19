/** What an entry is, from its header and the extended headers before it. */
import { corrupt, shown, unsafe } from '../failures.ts';
import { fields, readNumber, readText } from './block.ts';
import type { Prelude } from './prelude.ts';
import { checkMapped, mappedByRows, oldGnuHeader, type SparseRecords } from './sparse.ts';

export type EntryKind = 'file' | 'directory' | 'hard link' | 'symbolic link' | 'device' | 'fifo';

export interface Entry {
  readonly kind: EntryKind;
  /** As the archive has it: bytes in a latin1 string. */
  readonly name: string;
  /** Target of a link, else ''. */
  readonly link: string;
  /** Bytes of payload without padding; 0 for everything but files. */
  readonly size: number;
  readonly sparse?: Sparse;
}

export interface Sparse {
  /** Of the file with its holes. */
  readonly realSize: number;
  /** Where the rest of the map comes: in blocks before the payload, or at its begin. */
  readonly mapIn: 'header' | 'blocks' | 'payload';
  /** Bytes of payload that the map names so far. */
  readonly mapped: number;
}

const kinds: Readonly<Record<string, EntryKind>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hard link',
  '2': 'symbolic link',
  '3': 'device',
  '4': 'device',
  '5': 'directory',
  '6': 'fifo',
  // Contiguous files, which no system has.
  '7': 'file',
  S: 'file',
};

export function readEntry(block: Buffer, type: string, prelude: Prelude): Entry {
  const name = nameOf(block, prelude);
  if (name === '') throw corrupt('an entry has no name');
  // Directories of old archives are files whose name ends with a slash.
  const named = kinds[type];
  const kind = named === 'file' && name.endsWith('/') ? 'directory' : named;
  if (kind === undefined) {
    throw unsafe(`the entry ${shown(name)} is of a type that is not restored: ${shown(type)}`);
  }
  checkDevice(block, kind, type, name);
  // Only files have a payload: for everything else GNU tar goes on with the next block, whatever the size says.
  const size = kind === 'file' ? sizeOf(block, prelude, name) : 0;
  const sparse = sparseOf(block, type, kind, size, prelude);
  return {
    kind,
    name,
    link: kind.endsWith('link') ? linkOf(block, prelude, name) : '',
    size,
    ...(sparse === undefined ? {} : { sparse }),
  };
}

function nameOf(block: Buffer, { path, pax }: Prelude): string {
  return pax?.sparse?.name ?? pax?.path ?? path ?? headerName(block);
}

/** As GNU tar does it: with a magic of exactly `ustar\0` there is a prefix, in its own format there is none. */
function headerName(block: Buffer): string {
  const name = readText(block, fields.name);
  const { at } = fields.magic;
  const hasPrefix =
    block[fields.prefix.at] !== 0 &&
    block[at + 5] === 0 &&
    block.toString('latin1', at, at + 5) === 'ustar';
  return hasPrefix ? `${readText(block, fields.prefix)}/${name}` : name;
}

function linkOf(block: Buffer, { link, pax }: Prelude, name: string): string {
  const target = pax?.link ?? link ?? readText(block, fields.link);
  if (target === '') throw corrupt(`the link ${shown(name)} has no target`);
  return target;
}

function sizeOf(block: Buffer, { pax }: Prelude, name: string): number {
  const size = pax?.size ?? readNumber(block, fields.size);
  if (size === undefined) throw corrupt(`the size of ${shown(name)} is not a number`);
  return size;
}

/** Overlay's whiteouts are character devices 0:0; they open nothing. */
function checkDevice(block: Buffer, kind: EntryKind, type: string, name: string): void {
  if (kind !== 'device') return;
  const major = readNumber(block, fields.deviceMajor);
  const minor = readNumber(block, fields.deviceMinor);
  if (type !== '3' || major !== 0 || minor !== 0) {
    throw unsafe(`the entry ${shown(name)} is a device node`);
  }
}

function sparseOf(
  block: Buffer,
  type: string,
  kind: EntryKind,
  size: number,
  { pax }: Prelude,
): Sparse | undefined {
  const records = pax?.sparse;
  if (type !== 'S' && records === undefined) return undefined;
  if (kind !== 'file' || (type === 'S' && records !== undefined)) {
    throw corrupt('a sparse file is described in two ways, or is not a file');
  }
  return records === undefined ? oldGnuSparse(block, size) : paxSparse(records, size);
}

function oldGnuSparse(block: Buffer, size: number): Sparse {
  const { magic } = fields;
  const realSize = readNumber(block, { at: oldGnuHeader.realSizeAt, length: 12 });
  if (block.toString('latin1', magic.at, magic.at + 7) !== 'ustar  ' || realSize === undefined) {
    throw corrupt('a sparse file is not in the format of GNU tar');
  }
  const mapped = mappedByRows(block, oldGnuHeader);
  checkMapped(mapped, size);
  const mapIn = block[oldGnuHeader.extendedAt] === 0 ? 'header' : 'blocks';
  return { realSize, mapped, mapIn };
}

function paxSparse({ realSize, mapped, mapInPayload }: SparseRecords, size: number): Sparse {
  if (mapInPayload === (mapped !== undefined)) {
    throw corrupt('a sparse file has no map of its data, or two');
  }
  checkMapped(mapped ?? 0, size);
  return { realSize, mapped: mapped ?? 0, mapIn: mapInPayload ? 'payload' : 'header' };
}
