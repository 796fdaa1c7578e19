/** What the operating system's failures mean for a directory that content is written to. */
import type { ErrorReason } from './errors.ts';

interface OsFailure {
  /** strerror(3) in the C locale: how programs such as git and tar tell it. */
  readonly words: string;
  readonly reason: ErrorReason;
}

/** Those that are about the node, wherever they come up. By errno. */
const failures: Readonly<Record<string, OsFailure>> = {
  ENOSPC: { words: 'No space left on device', reason: 'DestinationFull' },
  EDQUOT: { words: 'Disk quota exceeded', reason: 'DestinationFull' },
  EROFS: { words: 'Read-only file system', reason: 'DestinationReadOnly' },
  EIO: { words: 'Input/output error', reason: 'DestinationBroken' },
  // A file system that has found damage, such as ext4 and xfs.
  EUCLEAN: { words: 'Structure needs cleaning', reason: 'DestinationBroken' },
  ENFILE: { words: 'Too many open files in system', reason: 'TooManyOpenFiles' },
};

/** Undefined for an errno that does not tell by itself what is wrong with the node. */
export function reasonOfErrno(errno: string): ErrorReason | undefined {
  return Object.hasOwn(failures, errno) ? failures[errno]?.reason : undefined;
}

/** The same from what a program said, which must have run with LC_ALL=C. */
export function reasonOfWords(said: string): ErrorReason | undefined {
  return Object.values(failures).find(({ words }) => said.includes(words))?.reason;
}
