import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../fs-errors.ts';
import { type IndexSummary, summarizeIndex } from './index-summary.ts';

/** Reads the index of a repository, named by its git directory; one without a commit has none, which counts as empty. */
export async function readIndex(gitDirectory: string): Promise<IndexSummary> {
  const [index, config] = await Promise.all([
    readFile(join(gitDirectory, 'index')).catch(emptyIfMissing),
    readFile(join(gitDirectory, 'config'), 'utf8'),
  ]);
  const hashBytes = /^\s*objectformat = sha256$/im.test(config) ? 32 : 20;
  return summarizeIndex(index, hashBytes);
}

function emptyIfMissing(error: unknown): Buffer {
  if (errorCode(error) !== 'ENOENT') throw error;
  return Buffer.alloc(0);
}
