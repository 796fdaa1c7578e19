/** Bounds on what an archive may hold. Each is checked by itself and named in the error. */
export interface ArchiveLimits {
  /** Payload of all files together, holes of sparse files included. */
  readonly bytes: number;
  /** Files, directories, links and whatever else has a name. */
  readonly entries: number;
  /** Symbolic links: their names are remembered to the end, at some 20 bytes each. */
  readonly symbolicLinks: number;
  /** Directories in one another, the entry itself included. */
  readonly pathDepth: number;
  /** Bytes of an entry's name, and of a link's target. */
  readonly pathBytes: number;
  /** Bytes of one extended header: a long name, or the pax records of an entry with its attributes. */
  readonly extendedHeaderBytes: number;
  /** Bytes decompressed for each byte downloaded; looked at from `ratioFromBytes` on. */
  readonly ratio: number;
  /** Small archives may compress as well as they like. */
  readonly ratioFromBytes: number;
}

/**
 * What an archive of a large workspace stays well below. gzip never gets beyond a ratio of 1,032, so the
 * ratio catches what only zstd can do; 4,095 bytes are what Linux takes for a path.
 */
export const defaultArchiveLimits: ArchiveLimits = {
  bytes: 256 * 1024 ** 3,
  entries: 5_000_000,
  symbolicLinks: 1_000_000,
  pathDepth: 512,
  pathBytes: 4095,
  extendedHeaderBytes: 1024 ** 2,
  ratio: 2000,
  ratioFromBytes: 1024 ** 3,
};
