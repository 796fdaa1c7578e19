/** Which version of an object is being downloaded, and whether an answer has the bytes of it that were asked for. */
import { ContentError } from '../../../api/errors.ts';
import { publicUrl } from '../../urls.ts';
import type { TransportResponse } from './transport.ts';

export interface ObjectVersion {
  /** Bytes, unless the server sends them without saying how many. */
  readonly size: number | undefined;
  /** A strong validator: only with one can parts of different answers belong together. */
  readonly etag: string | undefined;
  /** Whether the server says that it answers ranges. */
  readonly ranges: boolean;
}

export function versionOf({ headers }: TransportResponse): ObjectVersion {
  const etag = headers['etag'];
  const length = headers['content-length'];
  return {
    size: typeof length === 'string' && /^\d{1,15}$/.test(length) ? Number(length) : undefined,
    etag: typeof etag === 'string' && /^"[\x21\x23-\x7e]*"$/.test(etag) ? etag : undefined,
    ranges: headers['accept-ranges'] === 'bytes',
  };
}

/** Bytes `start` up to, but not including, `end` of a version. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export function rangeHeaders(
  version: ObjectVersion,
  { start, end }: ByteRange,
): Record<string, string> {
  return {
    range: `bytes=${start}-${end - 1}`,
    ...(version.etag === undefined ? {} : { 'if-match': version.etag }),
  };
}

/**
 * Checks the answer to a range of a version and says where its bytes end, which may be earlier than asked for.
 * Throws DownloadFailed when they are other bytes or of another version.
 */
export function endOfPart(
  { status, headers }: TransportResponse,
  version: ObjectVersion,
  range: ByteRange,
  url: URL,
): number {
  const etag = headers['etag'];
  if (status === 412 || status === 416 || (etag !== undefined && etag !== version.etag)) {
    throw failed(url, 'the object changed while it was downloaded');
  }
  if (status !== 206) {
    throw failed(url, 'the server sends the whole object when it is asked for the rest of it');
  }
  const header = headers['content-range'];
  const found = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(
    typeof header === 'string' ? header : '',
  );
  const [start, last] = [Number(found?.[1]), Number(found?.[2])];
  const isOfVersion = found?.[3] === '*' || Number(found?.[3]) === version.size;
  if (
    found === null ||
    start !== range.start ||
    last < start ||
    last >= range.end ||
    !isOfVersion
  ) {
    throw failed(url, 'the server answers another range than it was asked for');
  }
  return last + 1;
}

export function failed(url: URL, why: string, cause?: unknown): ContentError {
  return new ContentError('DownloadFailed', `could not download ${publicUrl(url)}: ${why}`, {
    cause,
  });
}
