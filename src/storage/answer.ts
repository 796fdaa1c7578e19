/** What a store's answers mean. Pure. */
import type { StorageAnswer } from './http.ts';

export interface StoredObject {
  /** Bytes. */
  readonly size?: number;
  /** As the store wrote it, quotes included. */
  readonly etag?: string;
}

export type Answer =
  | { readonly kind: 'found'; readonly object: StoredObject }
  | { readonly kind: 'missing' }
  /** Another try will not help, unless the credentials change. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unavailable'; readonly why: string };

const missingCodes = new Set(['NoSuchKey', 'NoSuchBucket']);

/** Stores allow for a quarter of an hour between the clocks; less is too little to be to blame. */
const clockSkewMs = 10 * 60_000;

/**
 * Reads the answer to a HEAD and, when that is not 200, the one to a GET of the first byte. An object is
 * missing only when S3's own error code says so: a 404 of something else that listens at a wrong
 * endpoint would pass for a missing backup, and the workspace would start empty. `now` is in
 * milliseconds since 1970.
 */
export function interpret(
  head: StorageAnswer,
  get: StorageAnswer | undefined,
  now: number,
): Answer {
  if (head.status === 200) return { kind: 'found', object: readObject(head) };
  const answer = get ?? head;
  const { status } = answer;
  const code = /<Code>\s*([A-Za-z0-9.]{1,64})\s*<\/Code>/.exec(answer.body)?.[1];
  const said = code ?? `status ${status}`;
  if (status === 429 || status >= 500) return { kind: 'unavailable', why: `it answers ${said}` };
  // versitygw answers 404 to an access key that it does not know, so the status alone tells nothing.
  if (status === 404 && code !== undefined && missingCodes.has(code)) return { kind: 'missing' };
  if (status === 401 || status === 403 || (code !== undefined && status >= 300)) {
    return { kind: 'refused', why: said + explainRefusal(answer, code, now) };
  }
  if (status === 200 || status === 206) {
    return {
      kind: 'unavailable',
      why: `it answers status ${head.status} to HEAD, ${status} to GET`,
    };
  }
  return { kind: 'unavailable', why: `status ${status}, which is no answer of an S3 server` };
}

function readObject({ headers }: StorageAnswer): StoredObject {
  const { 'content-length': length, etag } = headers;
  const size = typeof length === 'string' && /^\d+$/.test(length) ? Number(length) : undefined;
  return {
    ...(size !== undefined && Number.isSafeInteger(size) ? { size } : {}),
    ...(typeof etag === 'string' ? { etag } : {}),
  };
}

function explainRefusal({ headers }: StorageAnswer, code: string | undefined, now: number): string {
  const region = headers['x-amz-bucket-region'];
  if (typeof region === 'string' && /^[a-z0-9-]{1,32}$/.test(region) && code !== 'AccessDenied') {
    return `; the bucket lies in the region ${region}`;
  }
  const skewMs = typeof headers['date'] === 'string' ? now - Date.parse(headers['date']) : 0;
  if (Math.abs(skewMs) > clockSkewMs) {
    return `; the node's clock is ${Math.round(Math.abs(skewMs) / 60_000)} minutes ${skewMs > 0 ? 'ahead of' : 'behind'} the store's`;
  }
  return code === 'AccessDenied' || code === undefined
    ? '; a store also says so of an object that does not exist, when the credentials lack s3:ListBucket'
    : '';
}
