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

/** (uid_t)-1 means "leave it" to chown, so that the highest id is one below. */
const highestId = 0xffff_fffe;

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
        isDestination ? this.#owners[kind] : this.#mapped(id, entry),
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

  #mapped(id: number | undefined, { kind, name }: Entry): number {
    if (id === undefined || id > highestId) {
      throw corrupt(`the owner of ${shown(name)} is not a user or group id`);
    }
    // Symbolic links keep theirs, as in the original.
    return kind === 'symbolic link' ? id : mapId(id, this.#owners.idMappings);
  }
}

export function modeOf(block: Buffer): number {
  return (readNumber(block, fields.mode) ?? 0) & 0o7777;
}
