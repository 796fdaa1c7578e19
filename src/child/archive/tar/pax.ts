/**
 * The records of a pax extended header: `LENGTH KEY=VALUE\n`. node-tar's Pax is not used here: it splits at
 * newlines (which values may hold), and knows neither attributes nor sparse files.
 */
import { corrupt, unsafe } from '../failures.ts';
import { text, wholeNumber } from './pax-values.ts';
import { readSparseRecord, type SparseRecords } from './sparse.ts';

/** What the records of one header say about the next entry, or about all that follow. */
export interface PaxHeader {
  readonly path?: string;
  readonly link?: string;
  readonly size?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly sparse?: SparseRecords;
  /** The records that GNU tar is to see. */
  readonly kept: readonly PaxRecord[];
  /** How many it is not to see. */
  readonly dropped: number;
}

export interface PaxRecord {
  readonly key: string;
  /** All of it, from the length to the newline. */
  readonly bytes: Buffer;
}

export function valueOf({ key, bytes }: PaxRecord): Buffer {
  return bytes.subarray(bytes.indexOf(0x20) + 1 + key.length + 1, -1);
}

/** A record as it stands in a header. */
export function encodeRecord(key: string, value: Buffer): PaxRecord {
  const rest = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), value, Buffer.from('\n')]);
  // The length counts its own digits.
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length += 1;
  return { key, bytes: Buffer.concat([Buffer.from(String(length)), rest]) };
}

/** GNU tar acts on these, or is known to ignore them; whatever else there is does not get to it. */
const knownKeys = new Set([
  ...['path', 'linkpath', 'mtime', 'atime', 'ctime', 'comment', 'charset', 'hdrcharset'],
  ...['uname', 'gname', 'SCHILY.dev', 'SCHILY.ino', 'SCHILY.nlink', 'LIBARCHIVE.creationtime'],
]);

const attribute = 'SCHILY.xattr.';

export function isAttribute(key: string): boolean {
  return key.startsWith(attribute);
}

/**
 * Attributes of the file system that the archive was taken from: the kernel gives trusted ones to the
 * node's root only, and overlay's markers are about its own upper directory.
 */
const droppedAttribute = /^trusted\.|^(?:user\.)?overlay\.(?:impure|origin)$/;

export function readPaxHeader(data: Buffer): PaxHeader {
  const header: { -readonly [Key in keyof PaxHeader]: PaxHeader[Key] } = { kept: [], dropped: 0 };
  const kept: PaxRecord[] = [];
  for (const { key, value, bytes } of records(data)) {
    if (key === 'uid' || key === 'gid' || key === 'size') {
      // They go into the entry's own header, the one place where GNU tar then finds them.
      header[key] = wholeNumber(key, value);
      header.dropped += 1;
    } else if (isKept(key)) {
      if (key === 'path') header.path = text(key, value);
      else if (key === 'linkpath') header.link = text(key, value);
      else if (key.startsWith('GNU.sparse.')) {
        header.sparse = readSparseRecord(header.sparse, key, text(key, value));
      }
      kept.push({ key, bytes });
    } else {
      header.dropped += 1;
    }
  }
  return { ...header, kept };
}

/** A header for all entries that follow may not name or measure them. */
export function checkGlobal(header: PaxHeader): void {
  const { path, link, size, sparse } = header;
  if (path !== undefined || link !== undefined || size !== undefined || sparse !== undefined) {
    throw unsafe('a global extended header sets the name or size of all entries');
  }
}

function isKept(key: string): boolean {
  if (knownKeys.has(key) || key.startsWith('GNU.sparse.')) return true;
  return isAttribute(key) && !droppedAttribute.test(key.slice(attribute.length));
}

function* records(data: Buffer): Generator<{ key: string; value: string; bytes: Buffer }> {
  let start = 0;
  while (start < data.length) {
    const space = data.indexOf(0x20, start);
    const digits = space === -1 ? '' : data.toString('latin1', start, Math.min(space, start + 10));
    const end = start + Number(digits);
    const equals = data.indexOf(0x3d, space);
    if (!/^[1-9]\d*$/.test(digits) || equals === -1 || equals >= end || data[end - 1] !== 0x0a) {
      throw corrupt('an extended header is not made of pax records');
    }
    yield {
      key: data.toString('latin1', space + 1, equals),
      value: data.toString('latin1', equals + 1, end - 1),
      bytes: data.subarray(start, end),
    };
    start = end;
  }
}
