import type { IdMapping } from '../../../api/protocol.ts';
import { corrupt, shown } from '../failures.ts';
import { fields, readNumber, writeChecksum, writeNumber } from './block.ts';
import type { Entry } from './entry.ts';
import type { PaxHeader } from './pax.ts';

/** The owner of the content, and how ids in archives become ids on the node. */
export interface Owners {
  readonly uid: number;
  readonly gid: number;
  readonly idMappings: readonly IdMapping[];
}

/** First match wins; an id that no row holds stays as it is. */
export function mapId(id: number, mappings: readonly IdMapping[]): number {
  for (const { containerID, hostID, size } of mappings) {
    if (id >= containerID && id < containerID + size) return hostID + (id - containerID);
  }
  return id;
}

/** Ids have 32 bits, of which all ones mean "leave it" to chown. */
const highestId = 0xffff_fffe;

/** The sandbox's user namespace has no place for root of the node, nor for what its own root is there. */
const highestOwner = 0xffff_fffc;

/**
 * Puts the ids that an entry is to have on the node, and its size, into its header's own fields; records
 * with them are left out of the pax headers, so that this is the one place where GNU tar finds them.
 */
export class Ownership {
  readonly #owners: Owners;
  /** Of global headers. */
  readonly #global: { uid?: number; gid?: number } = {};

  constructor(owners: Owners) {
    this.#owners = owners;
  }

  setGlobal({ uid, gid }: PaxHeader): void {
    if (uid !== undefined) this.#global.uid = uid;
    if (gid !== undefined) this.#global.gid = gid;
  }

  /** The destination stays its owner's, whatever the archive says of it. */
  apply(block: Buffer, entry: Entry, pax: PaxHeader | undefined, isDestination: boolean): void {
    for (const kind of ['uid', 'gid'] as const) {
      const id = pax?.[kind] ?? this.#global[kind] ?? readNumber(block, fields[kind]);
      writeNumber(
        block,
        fields[kind],
        isDestination ? this.#owners[kind] : this.onNode(kind, id, entry.name),
      );
    }
    if (isDestination) writeNumber(block, fields.mode, modeOf(block) | 0o700);
    writeNumber(block, fields.size, entry.size);
    writeChecksum(block);
  }

  /** The same header for a directory that is still the content owner's, who may do everything in it. */
  ownDirectory(block: Buffer): Buffer {
    const own = Buffer.from(block);
    writeNumber(own, fields.uid, this.#owners.uid);
    writeNumber(own, fields.gid, this.#owners.gid);
    writeNumber(own, fields.mode, modeOf(block) | 0o700);
    writeChecksum(own);
    return own;
  }

  isOwn(block: Buffer): boolean {
    return readNumber(block, fields.uid) === this.#owners.uid;
  }

  /** Whoever cannot own anything on the node leaves it to the content's owner, who could not use it else. */
  onNode(kind: 'uid' | 'gid', id: number | undefined, name: string): number {
    if (id === undefined || id > highestId) {
      throw corrupt(`the owner of ${shown(name)} is not a user or group id`);
    }
    const mapped = mapId(id, this.#owners.idMappings);
    return mapped === 0 || mapped > highestOwner ? this.#owners[kind] : mapped;
  }
}

export function modeOf(block: Buffer): number {
  return (readNumber(block, fields.mode) ?? 0) & 0o7777;
}
