import assert from 'node:assert/strict';
import type { AttemptRequest, Engine } from '../../src/controller/engine.ts';
import type { Period } from '../../src/controller/untouched.ts';

export const destination = '/data/default/one';
export const quick = {
  duration: 5,
  report: { source: 'from-other', metrics: [], warnings: [] },
} as const;

/** An engine whose directory is a list of names, and that notes what is asked of it. */
export class FakeEngine implements Engine {
  readonly asked: string[] = [];
  /** How many attempts have its lock. */
  lockedBy = 0;
  unlocked: () => Promise<void> = async () => await Promise.resolve();
  files: string[] = [];
  /** When the ready file was placed. */
  readySince: number | undefined;
  outcome: (request: AttemptRequest) => Promise<typeof quick> = async () =>
    await Promise.resolve(quick);

  destinationOf(): string {
    return destination;
  }
  async prepare() {
    this.#note('prepare');
    this.lockedBy += 1;
    return await Promise.resolve({
      undo: async () => {
        assert.equal(this.lockedBy, 1, 'undone while others may have come in');
        await Promise.resolve(this.#note('undo'));
      },
      [Symbol.asyncDispose]: async () => {
        this.lockedBy -= 1;
        await this.unlocked();
      },
    });
  }
  async lock(): Promise<AsyncDisposable | undefined> {
    return await Promise.resolve(new AsyncDisposableStack());
  }
  async isEmpty(): Promise<boolean> {
    return await Promise.resolve(this.files.length === 0);
  }
  async isThere(): Promise<boolean> {
    return await Promise.resolve(true);
  }
  async isUntouched(_: string, _period: Period, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    return await Promise.resolve(true);
  }
  async remove(): Promise<void> {
    this.#note('remove');
    await Promise.resolve();
  }
  async run(request: AttemptRequest): Promise<typeof quick> {
    this.#note(request.cleanSlate ? 'run on a clean slate' : 'run');
    return await this.outcome(request);
  }
  async finished(_: string, startTime: number): Promise<typeof quick | undefined> {
    const isReady = this.readySince !== undefined && this.readySince >= startTime;
    return await Promise.resolve(isReady ? quick : undefined);
  }
  async clear(): Promise<void> {
    this.#note('clear');
    await Promise.resolve();
  }
  async reap(): Promise<readonly string[]> {
    return await Promise.resolve([]);
  }
  async check(): Promise<void> {
    await Promise.resolve();
  }
  #note(what: string): void {
    this.asked.push(what);
  }
}
