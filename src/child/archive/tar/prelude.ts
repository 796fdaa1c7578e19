/** Extended headers that precede an entry: pax records (x) and long names of GNU tar (L and K). */
import { Header } from 'tar/header';
import { corrupt } from '../failures.ts';
import { blockSize, fields, paddedLength, writeChecksum, writeNumber } from './block.ts';
import { encodeRecord, type PaxHeader, type PaxRecord, readPaxHeader, valueOf } from './pax.ts';

/** An extended header as it was received. */
export interface Extension {
  readonly type: string;
  /** Its block; a copy. */
  readonly block: Buffer;
  /** Its payload without padding; a copy. */
  readonly data: Buffer;
}

/**
 * What the headers before an entry say about it. Each kind may come once: which of two counts is where
 * tars differ, and what they differ about is how things get past a check.
 */
export class Prelude {
  path: string | undefined;
  link: string | undefined;
  pax: PaxHeader | undefined;
  readonly #extensions: Extension[] = [];

  get isEmpty(): boolean {
    return this.#extensions.length === 0;
  }

  add(extension: Extension): void {
    if (this.#extensions.some(({ type }) => type === extension.type)) {
      throw corrupt('an entry has two extended headers of one kind');
    }
    this.#extensions.push(extension);
    if (extension.type === 'x') this.pax = readPaxHeader(extension.data);
    else if (extension.type === 'L') this.path = longName(extension.data);
    else this.link = longName(extension.data);
    if (
      (this.path !== undefined && this.pax?.path !== undefined) ||
      (this.link !== undefined && this.pax?.link !== undefined)
    ) {
      throw corrupt('an entry has two long names, one as GNU tar and one as pax writes it');
    }
  }

  /** Puts another value into the records with a key. */
  rewrite(key: string, change: (value: Buffer) => Buffer): void {
    const { pax } = this;
    if (pax?.kept.some((record) => record.key === key) !== true) return;
    const kept = pax.kept.map((record) =>
      record.key === key ? encodeRecord(key, change(valueOf(record))) : record,
    );
    this.pax = { ...pax, kept };
  }

  /** The headers for GNU tar, but for records that `unless` names. */
  encode(unless: (key: string) => boolean = () => false): Buffer {
    return Buffer.concat(
      this.#extensions.flatMap((extension) =>
        extension.type === 'x' && this.pax !== undefined
          ? encodePax(extension, this.pax.kept, unless)
          : [extension.block, padded(extension.data)],
      ),
    );
  }

  /** The pax records but for those that `unless` names, and another name for the entry. */
  encodeAs(name: string, unless: (key: string) => boolean): Buffer {
    const { pax } = this;
    const header = this.#extensions.find(({ type }) => type === 'x');
    const unlessNamed = (key: string): boolean => key === 'path' || unless(key);
    return Buffer.concat([
      ...(header === undefined || pax === undefined
        ? []
        : encodePax(header, pax.kept, unlessNamed)),
      ...encodeLongName(name),
    ]);
  }
}

/** A pax header with only some of its records; nothing when there are none. */
export function encodePax(
  { block, data }: Extension,
  kept: readonly PaxRecord[],
  unless: (key: string) => boolean = () => false,
): Buffer[] {
  const body = Buffer.concat(kept.filter(({ key }) => !unless(key)).map(({ bytes }) => bytes));
  if (body.length === 0) return [];
  if (body.length === data.length) return [block, padded(body)];
  const own = Buffer.from(block);
  writeNumber(own, fields.size, body.length);
  writeChecksum(own);
  return [own, padded(body)];
}

function encodeLongName(name: string): Buffer[] {
  const data = Buffer.from(`${name}\0`, 'latin1');
  const block = Buffer.alloc(blockSize);
  new Header({
    ...{ path: '././@LongLink', type: 'NextFileHasLongPath', size: data.length },
    ...{ mode: 0, uid: 0, gid: 0, mtime: new Date(0) },
  }).encode(block);
  return [block, padded(data)];
}

function padded(data: Buffer): Buffer {
  const missing = paddedLength(data.length) - data.length;
  return missing === 0 ? data : Buffer.concat([data, Buffer.alloc(missing)]);
}

function longName(data: Buffer): string {
  const nul = data.indexOf(0);
  const name = data.toString('latin1', 0, nul === -1 ? data.length : nul);
  if (name === '') throw corrupt('a long name is empty');
  return name;
}

/** Types of headers that are about another entry; X is what Solaris calls x. */
export function extensionType(type: string): 'x' | 'g' | 'L' | 'K' | undefined {
  if (type === 'X') return 'x';
  return type === 'x' || type === 'g' || type === 'L' || type === 'K' ? type : undefined;
}
