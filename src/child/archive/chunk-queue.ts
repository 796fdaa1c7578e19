import type { Readable } from 'node:stream';
import type { Chunks } from './chunks.ts';
import { Waker } from './waker.ts';

/** Whoever pushes into a queue. */
interface Producer {
  readonly pause: () => void;
  readonly resume: () => void;
  /** The reader left before the end. */
  readonly stop: () => void;
}

/** Chunks between one that pushes them and one that pulls them. */
export class ChunkQueue implements Chunks {
  readonly #producer: Producer;
  readonly #limit: number;
  readonly #waker = new Waker();
  #chunks: Buffer[] = [];
  #bytes = 0;
  #paused = false;
  #ended = false;
  #failure: Error | undefined;

  /** The producer is paused while `limit` bytes or more wait, and goes on below half of that. */
  constructor(limit: number, producer: Producer) {
    this.#limit = limit;
    this.#producer = producer;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (!this.#paused && this.#bytes >= this.#limit) {
      this.#paused = true;
      this.#producer.pause();
    }
    this.#waker.wake();
  }

  /** What was pushed before is still read; then the failure is thrown. */
  end(failure?: Error): void {
    if (!this.#ended) this.#failure = failure;
    this.#ended = true;
    this.#waker.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        // All at once: shifting them one by one costs more than the rest of the loop.
        const chunks = this.#chunks;
        this.#chunks = [];
        for (const chunk of chunks) {
          this.#taken(chunk.length);
          yield chunk;
        }
        if (chunks.length > 0) continue;
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#ended) return;
        await this.#waker.changed();
      }
    } finally {
      if (!this.#ended) this.#producer.stop();
    }
  }

  #taken(bytes: number): void {
    this.#bytes -= bytes;
    if (!this.#paused || this.#bytes >= this.#limit / 2) return;
    this.#paused = false;
    this.#producer.resume();
  }
}

const streamBytes = 512 * 1024;

/**
 * A stream's chunks as they are. Its own iterator joins those that wait into one, which copies them and
 * leaves their memory to the garbage collector. Destroys the stream when the loop ends early.
 */
export function chunksOf(stream: Readable): Chunks {
  const queue = new ChunkQueue(streamBytes, {
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    stop: () => stream.destroy(),
  });
  stream.on('error', (error) => queue.end(error)).on('end', () => queue.end());
  stream.on('close', () => queue.end()).on('data', (chunk: Buffer) => queue.push(chunk));
  return queue;
}
