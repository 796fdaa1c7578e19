import type { Logger } from 'pino';
import { ContentError } from '../api/errors.ts';
import { unlessAborted } from '../api/unless-aborted.ts';
import { type BackoffPolicy, backoffMs } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Engine } from './engine.ts';

export interface NodeWatchParts {
  readonly engine: Pick<Engine, 'check'>;
  /** One that nobody sets. */
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds between two looks at a node that lacks nothing. */
  readonly everyMs?: number;
}

/** Between looks at a node that lacks something, or at leftovers that cannot be removed. */
const backoff: BackoffPolicy = { baseMs: 1000, capMs: 30_000 };

/** A look that takes longer than so many milliseconds hangs, most likely in a file system. */
const hangsAfterMs = 30_000;

/** Milliseconds for a look that is under way when the daemon ends. */
const graceMs = 2000;

/** Whether the node has what attempts need, looked at again and again: it may lose it at any time. */
export class NodeWatch {
  readonly #parts: NodeWatchParts;
  #lack: ContentError | undefined = new ContentError(
    'SandboxFailed',
    'the node has not been looked at yet',
  );
  #lookNow = new AbortController();
  #onLackEnded = (): void => undefined;
  readonly #looked = Promise.withResolvers<void>();

  constructor(parts: NodeWatchParts) {
    this.#parts = parts;
  }

  /** What the node lacks; attempts would fail by it, so none is started. */
  get lack(): ContentError | undefined {
    return this.#lack;
  }

  /** Has it called whenever the node lacks nothing any more. */
  onLackEnded(act: () => void): void {
    this.#onLackEnded = act;
  }

  /** Resolves when it is known whether the node lacks something. Rejects when the signal is aborted. */
  async looked(signal: AbortSignal): Promise<void> {
    await unlessAborted(this.#looked.promise, signal);
  }

  /** Looks at once instead of when it is time: an attempt has failed by what the node lacks. */
  suspect(): void {
    this.#lookNow.abort();
  }

  /**
   * Resolves when the node lacks nothing and `prepare` has succeeded, which may then be tried many
   * times. Rejects when the signal is aborted.
   */
  async ready(prepare: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { engine, clock } = this.#parts;
    for (let failures = 1; ; failures += 1) {
      await this.#look(async () => {
        await engine.check(signal);
        await prepare();
      }, signal);
      if (this.#lack === undefined) return;
      await clock.sleep(backoffMs(backoff, failures, clock.random()), signal);
    }
  }

  /** Goes on looking until the signal is aborted, and then rejects. */
  async run(signal: AbortSignal): Promise<never> {
    const { engine, clock, everyMs = 30_000 } = this.#parts;
    for (let failures = 0; ; failures = this.#lack === undefined ? 0 : failures + 1) {
      const pause = failures === 0 ? everyMs : backoffMs(backoff, failures, clock.random());
      await this.#sleep(Math.min(pause, everyMs), signal);
      await this.#look(async () => await engine.check(signal), signal);
    }
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#lookNow.signal]);
    await this.#parts.clock.sleep(ms, either).catch(() => undefined);
    signal.throwIfAborted();
    // The look that follows may be past what is suspected while it goes on: another one comes then.
    this.#lookNow = new AbortController();
  }

  /** Returns when the look has come to its end, however long it takes. Rejects when aborted. */
  async #look(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const looked = new AbortController();
    const either = AbortSignal.any([signal, looked.signal]);
    void this.#parts.clock.sleep(hangsAfterMs, either).then(
      () => this.#found(new ContentError('SandboxFailed', hanging)),
      () => undefined,
    );
    const looking = look();
    try {
      await unlessAborted(looking, either);
      this.#found(undefined);
    } catch (error) {
      if (signal.aborted) await this.#letEnd(looking);
      signal.throwIfAborted();
      this.#found(toLack(error));
    } finally {
      looked.abort();
    }
  }

  /** So that nothing of it is left when the daemon has ended; one that hangs is not waited for. */
  async #letEnd(looking: Promise<void>): Promise<void> {
    const ended = new AbortController();
    const done = looking.catch(() => undefined).finally(() => ended.abort());
    await Promise.race([
      done,
      this.#parts.clock.sleep(graceMs, ended.signal).catch(() => undefined),
    ]);
  }

  #found(lack: ContentError | undefined): void {
    const { log } = this.#parts;
    const before = this.#lack;
    this.#lack = lack;
    this.#looked.resolve();
    if (lack === undefined) {
      if (before === undefined) return;
      log.info('the node has what attempts need');
      this.#onLackEnded();
    } else if (before?.message !== lack.message) {
      log.error({ err: lack }, 'the node cannot run anything; it is looked at again');
    }
  }
}

const hanging =
  'the node does not answer: looking at its files takes too long; a file system or a disk may hang';

function toLack(error: unknown): ContentError {
  if (error instanceof ContentError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ContentError('SandboxFailed', message, { cause: error });
}
