import type { ContentProgress } from '../api/protocol.ts';

/** Milliseconds between two writes of the progress. */
const intervalMs = 5000;

/**
 * Writes one thing after the other and never more of the progress than every five seconds; what
 * comes in between is forgotten.
 */
export class ProgressThrottle {
  readonly #now: () => number;
  readonly #write: (progress?: ContentProgress) => Promise<void>;
  #last = Promise.resolve();
  #busy = false;
  #writtenAt = -Infinity;

  /** `write` never rejects. */
  constructor(now: () => number, write: (progress?: ContentProgress) => Promise<void>) {
    this.#now = now;
    this.#write = write;
  }

  /** Writes at once, without a progress. */
  start(): void {
    this.#send();
  }

  progress(progress: ContentProgress): void {
    if (!this.#busy && this.#now() - this.#writtenAt >= intervalMs) this.#send(progress);
  }

  /** Resolves when the last write has come to its end, so that none overtakes what follows. */
  async settled(): Promise<void> {
    await this.#last;
  }

  #send(progress?: ContentProgress): void {
    this.#busy = true;
    this.#writtenAt = this.#now();
    this.#last = this.#write(progress).finally(() => {
      this.#busy = false;
    });
  }
}
