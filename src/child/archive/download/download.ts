/** An object as a stream of its bytes, in order, as fast as its server hands it out. */
import { Pace, type PaceTuning } from './pace.ts';
import { PartsReader, type PartTuning } from './parts.ts';
import { type Cursor, readRange, type Tools } from './range.ts';
import { failed, type ObjectVersion } from './version.ts';

export interface DownloadOptions extends Tools {
  /** Bytes that the store says it has. */
  readonly size?: number;
  readonly tuning: DownloadTuning;
  readonly onProgress: (progress: DownloadProgress) => void;
}

export interface DownloadTuning extends PaceTuning, PartTuning {}

export interface DownloadProgress {
  readonly bytes: number;
  readonly totalBytes?: number;
}

/**
 * 12 connections are what it takes to fill a fast network from a store that gives each 40 MB/s. All
 * that waits stays below 20 MiB, since this process is to stay below 150 MB.
 */
export const defaultTuning: DownloadTuning = {
  windowMs: 150,
  waitingShare: 0.6,
  fastEnough: 300e6,
  connections: 12,
  partBytes: 4 * 1024 ** 2,
  waitingBytes: 16 * 1024 ** 2,
};

/** Starts with one connection, and takes more when it keeps the reader waiting and the server takes ranges. */
export async function* download(options: DownloadOptions): AsyncGenerator<Buffer> {
  const cursor: Cursor = { position: 0, end: undefined, version: undefined };
  const pace = new Pace(options.clock, options.tuning);
  const meter = new Meter(options);
  const chunks = readRange(cursor, options);
  let parts: PartsReader | undefined;
  try {
    for (;;) {
      const { chunk, starved } = await pace.next(chunks);
      if (cursor.version !== undefined) meter.expect(cursor.version);
      if (chunk === undefined) break;
      if (starved && parts === undefined) parts = split(cursor, options);
      yield meter.count(chunk);
    }
    if (parts !== undefined) for await (const chunk of parts) yield meter.count(chunk);
    meter.end();
  } finally {
    await chunks.return(undefined);
    await parts?.close();
  }
}

/** Leaves one part to the connection that is there, and the rest to others. */
function split(cursor: Cursor, options: DownloadOptions): PartsReader | undefined {
  const { version, position } = cursor;
  const { partBytes } = options.tuning;
  if (version?.size === undefined || version.etag === undefined || !version.ranges)
    return undefined;
  const boundary = position + partBytes;
  if (boundary + partBytes > version.size) return undefined;
  cursor.end = boundary;
  return new PartsReader(version, boundary, options, options.tuning);
}

/** Compares what came with what was announced. */
class Meter {
  readonly #options: DownloadOptions;
  #bytes = 0;
  #total: number | undefined;

  constructor(options: DownloadOptions) {
    this.#options = options;
    this.#total = options.size;
  }

  expect({ size }: ObjectVersion): void {
    if (size === undefined || size === this.#total) return;
    if (this.#total !== undefined) {
      throw failed(this.#options.url, `it has ${size} bytes instead of ${this.#total}`);
    }
    this.#total = size;
  }

  count(chunk: Buffer): Buffer {
    this.#bytes += chunk.length;
    const total = this.#total === undefined ? {} : { totalBytes: this.#total };
    this.#options.onProgress({ bytes: this.#bytes, ...total });
    return chunk;
  }

  end(): void {
    if (this.#total === undefined || this.#bytes === this.#total) return;
    throw failed(this.#options.url, `it ended after ${this.#bytes} of ${this.#total} bytes`);
  }
}
