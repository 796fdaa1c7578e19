/** Where an entry of git's index has its mode and its file's length, and what comes before its object ID. */
const modeAt = 24;
const sizeAt = 36;
const statBytes = 40;
const gitlink = 0o160000;

export interface IndexSummary {
  /** Sum of the files' lengths at checkout; git keeps each modulo 4 GiB. */
  readonly bytes: number;
  /** Paths of the submodules. */
  readonly submodules: readonly string[];
  /** Paths of the files with attributes. */
  readonly attributes: readonly string[];
}

/**
 * Reads git's index (gitformat-index, versions 2 and 3) for what was checked out, which costs far less
 * than a look at each file. `hashBytes` is 20, or 32 in a SHA-256 repository. What is no such index
 * counts as an empty one.
 */
export function summarizeIndex(index: Buffer, hashBytes: number): IndexSummary {
  const submodules: string[] = [];
  const attributes: string[] = [];
  let bytes = 0;
  let at = 12;
  for (let left = countEntries(index); left > 0; left -= 1) {
    const flagsAt = at + statBytes + hashBytes;
    if (flagsAt + 4 > index.length) break;
    const isExtended = (index.readUInt16BE(flagsAt) & 0x4000) !== 0;
    const nameAt = flagsAt + (isExtended ? 4 : 2);
    const nameEnd = index.indexOf(0, nameAt);
    if (nameEnd < 0) break;
    const isSubmodule = (index.readUInt32BE(at + modeAt) & 0o170000) === gitlink;
    if (isSubmodule) submodules.push(index.toString('utf8', nameAt, nameEnd));
    else bytes += index.readUInt32BE(at + sizeAt);
    if (isAttributes(index, nameAt, nameEnd)) {
      attributes.push(index.toString('utf8', nameAt, nameEnd));
    }
    // An entry is padded by 1 to 8 NULs to a multiple of 8.
    at += (((nameEnd - at) >> 3) + 1) * 8;
  }
  return { bytes, submodules, attributes };
}

const attributesName = '.gitattributes';

function isAttributes(index: Buffer, nameAt: number, nameEnd: number): boolean {
  const start = nameEnd - attributesName.length;
  if (start < nameAt || (start > nameAt && index[start - 1] !== 0x2f)) return false;
  return index.toString('latin1', start, nameEnd) === attributesName;
}

function countEntries(index: Buffer): number {
  if (index.length < 12 || index.toString('latin1', 0, 4) !== 'DIRC') return 0;
  const version = index.readUInt32BE(4);
  return version === 2 || version === 3 ? index.readUInt32BE(8) : 0;
}
