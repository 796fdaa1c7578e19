/** A tar archive from a URL into a directory, in one pass. */
import { spawn as nodeSpawn } from 'node:child_process';
import type { ErrorReason } from '../../api/errors.ts';
import { type Clock, type Random, systemClock, systemRandom } from '../clock.ts';
import type { Digest } from '../download/digest.ts';
import type { RetryPolicy } from '../retry.ts';
import { type Chunks, release } from './chunks.ts';
import { decompress } from './decompress/decompress.ts';
import { verified } from './digest.ts';
import {
  defaultTuning,
  download,
  type DownloadProgress,
  type DownloadTuning,
} from './download/download.ts';
import type { Transport } from './download/transport.ts';
import type { Silence } from './download/watchdog.ts';
import { GnuTar } from './gnu-tar.ts';
import { applyLateModes, lostSetgid } from './late-modes.ts';
import { type ArchiveLimits, defaultArchiveLimits } from './limits.ts';
import type { Spawn } from './program.ts';
import type { Owners } from './tar/owners.ts';
import { TarRewriter } from './tar/rewriter.ts';

export interface RestoreOptions extends Owners {
  /** http or https. A secret, but for host and path. */
  readonly url: URL;
  /** Bytes of the object, where the store said it. */
  readonly size?: number;
  /** What it means when the store has no such object, such as SnapshotNotFound. */
  readonly missing: ErrorReason;
  /** Of the object as it is stored. */
  readonly digest?: Digest;
  /** Absolute path of a directory that belongs to uid. */
  readonly destination: string;
  readonly signal: AbortSignal;
  readonly transport: Transport;
  readonly limits?: ArchiveLimits;
  /** Called for each chunk, before it is written. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly spawn?: Spawn;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly retry?: RetryPolicy;
  readonly silence?: Silence;
  readonly tuning?: DownloadTuning;
}

export interface Restored {
  /** Payload of the archive's files: what they add to the destination. Holes are not in it. */
  readonly bytes: number;
  /** Files, directories, links and whatever else has a name. */
  readonly entries: number;
  /** Such as an attribute that the file system does not take. */
  readonly warnings: readonly string[];
}

/** Tries in a row of one part without a byte between them; the daemon's attempts come on top. */
const defaultRetry: RetryPolicy = { tries: 6, baseMs: 500, maxMs: 30_000 };
const defaultSilence: Silence = { ms: 30_000, bytes: 16 * 1024 };

/**
 * Downloads, decompresses and extracts at the same time; nothing is stored in between. Throws the
 * signal's reason once it aborts, and ContentErrors: `missing`, DownloadNotFound, DownloadFailed,
 * DigestMismatch, ArchiveCorrupt, ArchiveUnsafe, LimitExceeded, DestinationFull and DestinationFailed.
 * What was extracted until then stays.
 */
export async function restoreArchive(options: RestoreOptions): Promise<Restored> {
  const { signal, destination, spawn = nodeSpawn, limits = defaultArchiveLimits } = options;
  signal.throwIfAborted();
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const source = fetched(options, both);
  const tar = new GnuTar(destination, spawn);
  const kill = (): void => void tar.kill();
  both.addEventListener('abort', kill);
  try {
    return await extract(decompress(source, { limits, spawn }), tar, options, limits, stop);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    stop.abort();
    await tar.kill();
  }
}

function fetched(options: RestoreOptions, signal: AbortSignal): Chunks {
  const source = download({
    ...options,
    signal,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    retry: options.retry ?? defaultRetry,
    silence: options.silence ?? defaultSilence,
    tuning: options.tuning ?? defaultTuning,
    onProgress: options.onProgress ?? (() => undefined),
  });
  return options.digest === undefined ? source : verified(source, options.digest);
}

async function extract(
  archive: Chunks,
  tar: GnuTar,
  options: RestoreOptions,
  limits: ArchiveLimits,
  stop: AbortController,
): Promise<Restored> {
  const rewriter = new TarRewriter(options, limits);
  for await (const chunk of archive) {
    try {
      await tar.write(rewriter.push(chunk), () => release(chunk));
    } catch (error) {
      // Leaving the loop waits for what comes before it; the server need not be waited for.
      stop.abort();
      throw error;
    }
  }
  const warnings = await tar.finish(rewriter.end());
  await applyLateModes(options.destination, rewriter.lateModes);
  warnings.push(...(await lostSetgid(options.destination, rewriter.foreignSetgid)));
  const { bytes, entries } = rewriter;
  return { bytes, entries, warnings };
}
