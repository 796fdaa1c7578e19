/** The rest of an object by several connections at once, a part each, handed on in order. */
import type { Chunks } from '../chunks.ts';
import { asError } from '../failures.ts';
import { Waker } from '../waker.ts';
import { type Cursor, readRange, type Tools } from './range.ts';
import type { ObjectVersion } from './version.ts';

export interface PartTuning {
  readonly connections: number;
  readonly partBytes: number;
  /** Bytes that may wait for those before them; beyond it only the part that is next goes on. */
  readonly waitingBytes: number;
}

interface Part {
  readonly cursor: Cursor;
  readonly chunks: Buffer[];
  /** Told when there is room for more. */
  readonly room: Waker;
  isWhole: boolean;
}

export class PartsReader implements Chunks {
  readonly #version: ObjectVersion;
  readonly #tools: Tools;
  readonly #tuning: PartTuning;
  readonly #stop = new AbortController();
  /** In order; the first is the one that is handed on. */
  readonly #parts: Part[] = [];
  readonly #runs = new Set<Promise<void>>();
  readonly #waker = new Waker();
  #next: number;
  #waiting = 0;
  #failure: Error | undefined;

  /** Starts at once, from byte `start`. The version has a size and an ETag. */
  constructor(version: ObjectVersion, start: number, tools: Tools, tuning: PartTuning) {
    this.#version = version;
    this.#next = start;
    this.#tuning = tuning;
    this.#tools = { ...tools, signal: AbortSignal.any([tools.signal, this.#stop.signal]) };
    this.#startParts();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (let part = this.#parts[0]; part !== undefined; part = this.#parts[0]) {
        // A failure anywhere is the whole download's.
        if (this.#failure !== undefined) throw this.#failure;
        const chunk = part.chunks.shift();
        if (chunk !== undefined) {
          this.#waiting -= chunk.length;
          this.#makeRoom();
          yield chunk;
        } else if (part.isWhole) {
          this.#parts.shift();
          // The one that is next now goes on whatever waits.
          this.#parts[0]?.room.wake();
          this.#makeRoom();
        } else {
          await this.#waker.changed();
        }
      }
    } finally {
      await this.close();
    }
  }

  /** Ends all connections; for when it is not read to the end. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const part of this.#parts) part.room.wake();
    await Promise.all(this.#runs);
  }

  #makeRoom(): void {
    if (this.#waiting > this.#tuning.waitingBytes) return;
    this.#startParts();
    for (const part of this.#parts) part.room.wake();
  }

  #startParts(): void {
    const { size = 0 } = this.#version;
    const { connections, partBytes, waitingBytes } = this.#tuning;
    while (
      this.#next < size &&
      this.#runs.size < connections &&
      this.#waiting <= waitingBytes &&
      this.#failure === undefined
    ) {
      const end = Math.min(this.#next + partBytes, size);
      const cursor = { position: this.#next, end, version: this.#version };
      const part = { cursor, chunks: [], room: new Waker(), isWhole: false };
      this.#next = end;
      this.#parts.push(part);
      const run = this.#run(part).finally(() => {
        this.#runs.delete(run);
        if (!this.#stop.signal.aborted) this.#startParts();
        this.#waker.wake();
      });
      this.#runs.add(run);
    }
  }

  /** Never rejects. */
  async #run(part: Part): Promise<void> {
    try {
      for await (const chunk of readRange(part.cursor, this.#tools)) {
        part.chunks.push(chunk);
        this.#waiting += chunk.length;
        if (part === this.#parts[0]) this.#waker.wake();
        while (this.#waiting > this.#tuning.waitingBytes && part !== this.#parts[0]) {
          await part.room.changed();
          this.#tools.signal.throwIfAborted();
        }
      }
      part.isWhole = true;
    } catch (error) {
      this.#failure ??= asError(error);
    }
  }
}
