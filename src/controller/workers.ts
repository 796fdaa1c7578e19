import type { Clock } from './clock.ts';
import { KeyQueue } from './key-queue.ts';

export interface WorkersOptions {
  /** How many keys are worked on at once. */
  readonly count: number;
  readonly clock: Clock;
  /** Never rejects: what goes wrong with a key is its own business. */
  readonly work: (key: string) => Promise<void>;
}

/** Feeds the keys of a queue to a bounded number of workers. */
export class Workers {
  readonly #queue = new KeyQueue();
  readonly #options: WorkersOptions;
  readonly #pending = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #wake: AbortController | undefined;
  #started = false;

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  get depth(): number {
    return this.#queue.depth;
  }

  add(key: string): void {
    this.#queue.add(key);
    this.#pump();
  }

  addAfter(key: string, ms: number): void {
    this.#queue.addAt(key, this.#options.clock.now() + ms);
    this.#pump();
  }

  /** Keys that were added before wait until now. */
  start(): void {
    this.#started = true;
    this.#pump();
  }

  /** Takes no further keys; resolves when those that are worked on have come to their end. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#pending);
  }

  #pump(): void {
    if (!this.#started) return;
    const { clock, count } = this.#options;
    while (!this.#stop.signal.aborted && this.#queue.active < count) {
      const key = this.#queue.take(clock.now());
      if (key === undefined) break;
      const pending = this.#run(key);
      this.#pending.add(pending);
      void pending.finally(() => this.#pending.delete(pending));
    }
    this.#sleepUntilDue();
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#options.work(key);
    } finally {
      this.#queue.done(key);
      this.#pump();
    }
  }

  #sleepUntilDue(): void {
    this.#wake?.abort();
    this.#wake = undefined;
    const due = this.#queue.nextDue();
    if (due === undefined || this.#stop.signal.aborted) return;
    const { clock } = this.#options;
    const wake = new AbortController();
    this.#wake = wake;
    const signal = AbortSignal.any([wake.signal, this.#stop.signal]);
    clock.sleep(Math.max(0, due - clock.now()), signal).then(
      () => this.#pump(),
      () => undefined,
    );
  }
}
