import { createHash } from 'node:crypto';
import type { InitializerMessage } from '../../../src/api/initializer.ts';

/** In OCI form. */
export function digestOf(data: string | Uint8Array, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(data).digest('hex')}`;
}

/** One file. */
export function download(url: string, digest: string, filePath = 'file'): InitializerMessage {
  return { download: { files: [{ url, filePath, digest }] } };
}
