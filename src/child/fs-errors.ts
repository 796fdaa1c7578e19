import { ContentError, type ErrorReason } from '../api/errors.ts';
import { reasonOfErrno } from '../api/os-errors.ts';

/** What other codes of the operating system mean for the destination. */
const reasons: Readonly<Record<string, ErrorReason>> = {
  EACCES: 'DestinationFailed',
  EPERM: 'DestinationFailed',
  ENOTDIR: 'DestinationFailed',
  EISDIR: 'DestinationFailed',
  ENOTEMPTY: 'DestinationFailed',
  ELOOP: 'PathNotAllowed',
  ENAMETOOLONG: 'InvalidSpec',
};

/** A failed file operation as what it means for the user; undefined when it is none. */
export function fromFileSystem(error: unknown): ContentError | undefined {
  const code = errorCode(error);
  if (!(error instanceof Error) || code === undefined) return undefined;
  const reason = reasonOfErrno(code) ?? (Object.hasOwn(reasons, code) ? reasons[code] : undefined);
  return reason === undefined
    ? undefined
    : new ContentError(reason, error.message, { cause: error });
}

/** The operating system's or a library's code of an error, such as ENOENT. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
