import { createHash } from 'node:crypto';
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentError } from '../../api/errors.ts';
import type { RunContext } from '../context.ts';
import { errorCode } from '../fs-errors.ts';
import { displayed, makeDirectory } from '../paths.ts';
import { withRetries } from '../retry.ts';
import { publicUrl } from '../urls.ts';
import { BatchedFile } from './batched-file.ts';
import type { HttpClient } from './client.ts';
import { type Digest, formatDigest } from './digest.ts';
import { networkFailure, openFile, type OpenedFile } from './response.ts';
import type { FileSpec } from './spec.ts';

/** Told how many bytes came in, and how many the server announced. */
export interface Meter {
  readonly expect: (bytes: number | undefined) => void;
  readonly received: (bytes: number) => void;
  /** A try failed; what it received does not count. */
  readonly restart: () => void;
}

/**
 * Downloads a file to a temporary name beside its own and renames it once its digest is right. Each try
 * starts from nothing. Answers its bytes; whatever it throws, nothing is left.
 */
export async function saveFile(
  file: FileSpec,
  http: HttpClient,
  meter: Meter,
  context: RunContext,
  signal: AbortSignal,
): Promise<number> {
  const { destination, clock, random, patience } = context;
  const { path: folder } = await makeDirectory(destination, file.path.slice(0, -1));
  const target = join(folder, file.path.at(-1) ?? '');
  await refuseTaken(target, destination);

  const tryOnce = async (): Promise<number> => {
    const temporary = join(folder, `.wsc-download-${random.name()}`);
    meter.restart();
    try {
      const bytes = await receive(file, temporary, { http, meter, context, signal });
      await rename(temporary, target);
      return bytes;
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  };
  return await withRetries(tryOnce, { policy: patience.retry, clock, random, signal });
}

/** A file of an earlier step may be replaced; a link is not followed and a directory not removed. */
async function refuseTaken(target: string, destination: string): Promise<void> {
  const found = await lstat(target).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
  });
  if (found === undefined || found.isFile()) return;
  const what = found.isDirectory() ? 'a directory' : 'a symbolic link or a special file';
  throw new ContentError(
    'PathNotAllowed',
    `${displayed(target, destination)} is ${what} already, made by an earlier step`,
  );
}

interface Receiving {
  readonly http: HttpClient;
  readonly meter: Meter;
  readonly context: RunContext;
  readonly signal: AbortSignal;
}

async function receive(file: FileSpec, path: string, tools: Receiving): Promise<number> {
  const { http, meter, context, signal } = tools;
  const opened = await openFile(http, file.url, signal);
  const handle = await open(path, 'wx', 0o644);
  try {
    refuseLarger(opened.length ?? 0, context.limits.downloadBytes, file.url);
    meter.expect(opened.length);
    const { bytes, hex } = await write(file, opened, handle, tools);
    requireSame(file, { algorithm: file.digest.algorithm, hex });
    return bytes;
  } catch (error) {
    opened.discard();
    throw error;
  } finally {
    await handle.close();
  }
}

async function write(
  file: FileSpec,
  opened: OpenedFile,
  handle: FileHandle,
  { meter, context, signal }: Receiving,
): Promise<{ bytes: number; hex: string }> {
  const hash = createHash(file.digest.algorithm);
  const target = new BatchedFile(handle);
  let bytes = 0;
  try {
    for await (const chunk of received(opened, file.url, signal)) {
      bytes += chunk.length;
      refuseLarger(bytes, context.limits.downloadBytes, file.url);
      await target.write(chunk);
      hash.update(chunk);
      meter.received(chunk.length);
    }
    await target.finish();
  } finally {
    await target.settled();
  }
  if (opened.length !== undefined && bytes !== opened.length) {
    throw networkFailure(file.url, new Error(`it ended after ${bytes} of ${opened.length} bytes`));
  }
  return { bytes, hex: hash.digest('hex') };
}

/** Tells failures of the network from those of the disk, which the loop's body has. */
async function* received(
  { body }: OpenedFile,
  url: URL,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    signal.throwIfAborted();
    throw networkFailure(url, error);
  }
}

function refuseLarger(bytes: number, limit: number, url: URL): void {
  if (bytes <= limit) return;
  throw new ContentError(
    'LimitExceeded',
    `${publicUrl(url)} is larger than the ${limit} bytes that one file may have`,
  );
}

function requireSame({ url, digest }: FileSpec, actual: Digest): void {
  if (actual.hex === digest.hex) return;
  throw new ContentError(
    'DigestMismatch',
    `${publicUrl(url)} was to have the digest ${formatDigest(digest)}, but has ${formatDigest(actual)}`,
  );
}
