/**
 * File capabilities hold in the user namespace of one root, named by its id on the node. Those of an archive
 * are its root's. Left as they are, the kernel would make them those of the sandbox's root, who is nobody.
 */

export const capabilityKey = 'SCHILY.xattr.security.capability';

/** As Linux stores it: the version, two pairs of bits, and in version 3 the root's id. */
const versionMask = 0xff00_0000;
const version2 = { magic: 0x0200_0000, bytes: 20 };
const version3 = { magic: 0x0300_0000, bytes: 24 };

/** The same capabilities for the root's id on the node. What is neither version is left to the kernel to refuse. */
export function forRootOnNode(value: Buffer, idOnNode: (id: number) => number): Buffer {
  if (value.length < 4) return value;
  const word = value.readUInt32LE(0);
  const version = (word & versionMask) >>> 0;
  const is2 = version === version2.magic && value.length === version2.bytes;
  const is3 = version === version3.magic && value.length === version3.bytes;
  if (!is2 && !is3) return value;
  const mapped = Buffer.alloc(version3.bytes);
  value.copy(mapped, 0, 0, version2.bytes);
  mapped.writeUInt32LE((version3.magic | (word & ~versionMask)) >>> 0, 0);
  mapped.writeUInt32LE(idOnNode(is3 ? value.readUInt32LE(version2.bytes) : 0), version2.bytes);
  return mapped;
}
