import { ContentError } from '../../api/errors.ts';

/** The archive is damaged or not an archive. */
export function corrupt(what: string, options?: ErrorOptions): ContentError {
  return new ContentError('ArchiveCorrupt', what, options);
}

/** The archive is whole, but holds what must not reach the destination. */
export function unsafe(what: string): ContentError {
  return new ContentError('ArchiveUnsafe', what);
}

export function beyondLimit(what: string): ContentError {
  return new ContentError('LimitExceeded', what);
}

const shownCharacters = 200;

/** A name of an archive, as bytes in a latin1 string, for a message: quoted, bounded, without control characters. */
export function shown(name: string): string {
  const text = Buffer.from(name, 'latin1')
    .toString('utf8')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
  return text.length <= shownCharacters
    ? `"${text}"`
    : `"${text.slice(0, shownCharacters / 2)}...${text.slice(-shownCharacters / 2)}"`;
}

/** What was thrown, for whoever throws it again elsewhere. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
