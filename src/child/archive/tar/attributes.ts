/**
 * Extended attributes without the right to override permissions. GNU tar writes those of a file before
 * its content, and opens the file for it a second time; those of a directory after its owner and mode. Both
 * fail (Permission denied, the content is lost) where the mode or the owner forbids writing.
 */
import { beyondLimit } from '../failures.ts';
import { fields, writeChecksum, writeNumber } from './block.ts';
import { capabilityKey, forRootOnNode } from './capabilities.ts';
import type { Entry } from './entry.ts';
import { modeOf, type Ownership } from './owners.ts';
import { isAttribute, type PaxRecord, valueOf } from './pax.ts';
import type { Prelude } from './prelude.ts';

/** Modes for after the extraction, by the name below the destination (bytes in a latin1 string). */
export type LateModes = ReadonlyMap<string, number>;

/** For names of files whose mode comes late, all together. */
const lateNameBytes = 8 * 1024 ** 2;

export class Attributes {
  readonly #ownership: Ownership;
  readonly #lateModes = new Map<string, number>();
  #lateBytes = 0;

  constructor(ownership: Ownership) {
    this.#ownership = ownership;
  }

  get lateModes(): LateModes {
    return this.#lateModes;
  }

  /** Changes the header where it must be, and answers what is to stand before the entry's own headers. */
  prepare(block: Buffer, entry: Entry, inside: string, prelude: Prelude): Buffer | undefined {
    if (this.#lateModes.size > 0) this.#lateModes.delete(inside);
    const attributes = prelude.pax?.kept.filter(({ key }) => isAttribute(key)) ?? [];
    if (attributes.length === 0) return undefined;
    prelude.rewrite(capabilityKey, (value) =>
      forRootOnNode(value, (id) => this.#ownership.onNode('uid', id, entry.name)),
    );
    if (entry.kind === 'file') this.#delayMode(block, inside, attributes);
    if (entry.kind === 'directory') return this.#twice(block, entry.name, inside, prelude);
    return undefined;
  }

  #delayMode(block: Buffer, inside: string, attributes: readonly PaxRecord[]): void {
    const mode = modeOf(block);
    if ((mode & ownerMayWrite) === ownerMayWrite) return;
    this.#lateModes.set(inside, mode);
    this.#lateBytes += inside.length;
    if (this.#lateBytes > lateNameBytes) {
      throw beyondLimit('the archive has too many read-only files with extended attributes');
    }
    writeNumber(block, fields.mode, mode | ownerMayWrite);
    writeChecksum(block);
    const accessList = attributes.find(({ key }) => key === accessListKey);
    if (accessList !== undefined) letOwnerWrite(valueOf(accessList));
  }

  /**
   * GNU tar sets what it delayed in reverse: the later header, which is the owner's own and has the
   * attributes, before the earlier one, which has the right owner and mode. It keeps one of a name, so
   * the earlier one has the same name in another spelling.
   */
  #twice(block: Buffer, name: string, inside: string, prelude: Prelude): Buffer | undefined {
    if (this.#ownership.isOwn(block) && (modeOf(block) & 0o200) !== 0) return undefined;
    const otherName = name.startsWith('./') ? inside : `./${inside}`;
    const first = Buffer.concat([prelude.encodeAs(otherName, isAttribute), block]);
    this.#ownership.ownDirectory(block).copy(block);
    return first;
  }
}

const ownerMayWrite = 0o600;
export const accessListKey = 'SCHILY.xattr.system.posix_acl_access';

/**
 * In a POSIX access list as Linux stores it (a version, then rows of tag, permissions and id), which would
 * set the mode before its time. The mode that comes late sets it right.
 */
function letOwnerWrite(list: Buffer): void {
  const ownerTag = 1;
  for (let row = 4; row + 8 <= list.length; row += 8) {
    if (list.readUInt16LE(row) !== ownerTag) continue;
    list.writeUInt16LE(list.readUInt16LE(row + 2) | (ownerMayWrite >> 6), row + 2);
  }
}
