import { createHash } from 'node:crypto';
import { ContentError } from '../../api/errors.ts';
import { type Digest, formatDigest } from '../download/digest.ts';
import type { Chunks } from './chunks.ts';

/** Passes the chunks on and throws DigestMismatch at their end when they are not what the digest names. */
export async function* verified(source: Chunks, digest: Digest): AsyncGenerator<Buffer> {
  const hash = createHash(digest.algorithm);
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
  const actual = { algorithm: digest.algorithm, hex: hash.digest('hex') };
  if (actual.hex === digest.hex) return;
  throw new ContentError(
    'DigestMismatch',
    `the archive was to have the digest ${formatDigest(digest)}, but has ${formatDigest(actual)}`,
  );
}
