import type { FileHandle } from 'node:fs/promises';

/** A write for each chunk of 64 KiB takes longer than all else that is done with it. */
const batchBytes = 1024 ** 2;

/** Writes what it is given to a file, a batch at a time, while the next one gathers. */
export class BatchedFile {
  readonly #handle: FileHandle;
  #batch: Uint8Array[] = [];
  #bytes = 0;
  #writing = Promise.resolve();

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Throws what the file system threw for an earlier chunk. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#batch.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= batchBytes) await this.#begin();
  }

  /** Resolves when all of it is written. */
  async finish(): Promise<void> {
    await this.#begin();
    await this.#writing;
  }

  /** Resolves when nothing is being written any more, for whoever gives the file up. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => undefined);
  }

  async #begin(): Promise<void> {
    await this.#writing;
    const batch = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    this.#writing = writeAll(this.#handle, batch);
    // It is thrown by the next call, which may come much later.
    this.#writing.catch(() => undefined);
  }
}

async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  if (chunks.length === 0) return;
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const { bytesWritten } = await handle.writev(chunks);
  // A disk that is almost full takes a part; the rest brings its error.
  if (bytesWritten < bytes) await handle.writeFile(Buffer.concat(chunks).subarray(bytesWritten));
}
