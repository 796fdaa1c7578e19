/**
 * The archive on its way to GNU tar: a state machine over blocks that changes headers in place, holds back
 * extended headers until their entry is known, and passes payload on as the slices that came in.
 */
import { beyondLimit, corrupt, shown, unsafe } from '../failures.ts';
import type { ArchiveLimits } from '../limits.ts';
import { Admission } from './admission.ts';
import { accessListKey, Attributes, type LateModes } from './attributes.ts';
import {
  blockSize,
  examine,
  fields,
  paddedLength,
  readNumber,
  writeChecksum,
  writeNumber,
} from './block.ts';
import { readEntry } from './entry.ts';
import { type Owners, Ownership } from './owners.ts';
import { checkGlobal, readPaxHeader } from './pax.ts';
import { encodePax, type Extension, extensionType, Prelude } from './prelude.ts';
import { ForeignSetgid } from './setgid.ts';
import { SparseGuard } from './sparse-guard.ts';
import { Slices } from './slices.ts';

interface Collected extends Extension {
  /** Bytes of data so far. */
  filled: number;
  /** Bytes to come, padding included. */
  missing: number;
}

/** The end mark is two blocks of zeros; what pads the record after it are more of them. */
const endMarkBlocks = 2;

export class TarRewriter {
  readonly #limits: ArchiveLimits;
  readonly #admission: Admission;
  readonly #ownership: Ownership;
  readonly #attributes: Attributes;
  readonly foreignSetgid: ForeignSetgid;
  readonly #slices = new Slices();
  #prelude = new Prelude();
  #collected: Collected | undefined;
  #sparse: SparseGuard | undefined;
  /** Of the current entry, still to pass, padding included. */
  #payload = 0;
  /** A block that began at the end of a chunk. */
  #partial: Buffer | undefined;
  #partialBytes = 0;
  #zeroBlocks = 0;
  #lastName = '';

  constructor(owners: Owners, limits: ArchiveLimits) {
    this.#limits = limits;
    this.#ownership = new Ownership(owners);
    this.#attributes = new Attributes(this.#ownership);
    this.#admission = new Admission(limits);
    this.foreignSetgid = new ForeignSetgid(owners.gid);
  }

  get entries(): number {
    return this.#admission.entries;
  }

  /** Payload of the files so far, without holes. */
  get bytes(): number {
    return this.#admission.bytes;
  }

  /** Of files that GNU tar gets with another mode than they are to have. */
  get lateModes(): LateModes {
    return this.#attributes.lateModes;
  }

  /** Takes the archive's next bytes, which it changes; returns what GNU tar is to read for them. */
  push(chunk: Buffer): Buffer[] {
    this.#slices.begin(chunk);
    let at = 0;
    while (at < chunk.length) {
      if (this.#payload > 0 && this.#sparse?.wantsBlock !== true) at = this.#passPayload(chunk, at);
      else if (this.#collected !== undefined) at = this.#collect(this.#collected, chunk, at);
      else at = this.#takeBlock(chunk, at);
    }
    return this.#slices.end();
  }

  /** Throws when the archive has not come to its end; else returns the end mark. */
  end(): Buffer {
    if (this.#zeroBlocks < endMarkBlocks || this.#partial !== undefined) {
      throw corrupt(
        this.#lastName === ''
          ? 'the archive ends before its first entry'
          : `the archive ends before its end mark, after ${shown(this.#lastName)} or in it`,
      );
    }
    return Buffer.alloc(endMarkBlocks * blockSize);
  }

  #passPayload(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#payload);
    this.#payload -= end - at;
    this.#sparse?.payload(chunk.subarray(at, end), this.#payload);
    return end;
  }

  #takeBlock(chunk: Buffer, at: number): number {
    if (this.#partial === undefined && chunk.length - at >= blockSize) {
      const end = at + blockSize;
      if (!this.#passes(chunk.subarray(at, end), at)) this.#slices.drop(at, end);
      return end;
    }
    const block = (this.#partial ??= Buffer.alloc(blockSize));
    const copied = chunk.copy(block, this.#partialBytes, at);
    const end = at + copied;
    this.#slices.drop(at, end);
    this.#partialBytes += copied;
    if (this.#partialBytes === blockSize) {
      this.#partial = undefined;
      this.#partialBytes = 0;
      if (this.#passes(block, end)) this.#slices.insert(end, block);
    }
    return end;
  }

  /** Whether the block, as it is afterwards, goes to GNU tar. What precedes it is inserted at `at`. */
  #passes(block: Buffer, at: number): boolean {
    if (this.#sparse?.wantsBlock === true) {
      this.#sparse.block(block);
      return true;
    }
    const state = examine(block);
    if (state === 'zero') {
      if (!this.#prelude.isEmpty) throw corrupt('an extended header has no entry');
      this.#zeroBlocks += 1;
      return false;
    }
    if (state === 'invalid' || this.#zeroBlocks === 1) throw this.#damaged();
    // Behind an end mark another archive may follow, as `cat` joins them.
    this.#zeroBlocks = 0;
    return this.#header(block, at);
  }

  #damaged(): Error {
    if (this.#lastName === '') return corrupt('it is not a tar archive');
    return corrupt(`the archive is damaged after ${shown(this.#lastName)}`);
  }

  #header(block: Buffer, at: number): boolean {
    const type = String.fromCharCode(block[fields.type.at] ?? 0);
    const extension = extensionType(type);
    if (extension !== undefined) {
      this.#beginExtension(block, extension, at);
      return false;
    }
    // A label of the whole archive says nothing about its content.
    if (type === 'V' && this.#prelude.isEmpty && readNumber(block, fields.size) === 0) return false;

    const entry = readEntry(block, type, this.#prelude);
    const inside = this.#admission.admit(entry);
    this.#ownership.apply(block, entry, this.#prelude.pax, inside === '');
    this.foreignSetgid.note(block, inside);
    const before = this.#attributes.prepare(block, entry, inside, this.#prelude);
    if (before !== undefined) this.#slices.insert(at, before);
    if (!this.#prelude.isEmpty) {
      this.#slices.insert(at, this.#prelude.encode(inside === '' ? limitsOwner : undefined));
      this.#prelude = new Prelude();
    }
    this.#lastName = entry.name;
    this.#payload = paddedLength(entry.size);
    this.#sparse =
      entry.sparse === undefined ? undefined : new SparseGuard(entry.sparse, entry.size);
    return true;
  }

  #beginExtension(block: Buffer, type: 'x' | 'g' | 'L' | 'K', at: number): void {
    const size = readNumber(block, fields.size);
    const limit = this.#limits.extendedHeaderBytes;
    if (size === undefined) throw this.#damaged();
    if (size > limit) {
      throw beyondLimit(
        `an extended header has ${size} bytes (after ${shown(this.#lastName)}); ${limit} are allowed`,
      );
    }
    const own = Buffer.from(block);
    own[fields.type.at] = type.charCodeAt(0);
    writeNumber(own, fields.size, size);
    writeChecksum(own);
    const data = Buffer.alloc(size);
    this.#collected = { type, block: own, data, filled: 0, missing: paddedLength(size) };
    if (size === 0) this.#endExtension(this.#collected, at);
  }

  #collect(collected: Collected, chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + collected.missing);
    collected.filled += chunk.copy(collected.data, collected.filled, at, end);
    collected.missing -= end - at;
    this.#slices.drop(at, end);
    if (collected.missing === 0) this.#endExtension(collected, end);
    return end;
  }

  #endExtension(extension: Extension, at: number): void {
    this.#collected = undefined;
    if (extension.type !== 'g') {
      this.#prelude.add(extension);
      return;
    }
    if (!this.#prelude.isEmpty) throw unsafe('a global header stands between an entry and its own');
    const header = readPaxHeader(extension.data);
    checkGlobal(header);
    this.#ownership.setGlobal(header);
    this.#slices.insert(at, ...encodePax(extension, header.kept));
  }
}

/** The access list of the destination could take it away from its owner, as its mode could. */
function limitsOwner(key: string): boolean {
  return key === accessListKey;
}
