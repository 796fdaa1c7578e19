import { ContentError } from '../../../src/api/errors.ts';
import type { ContentResource } from '../../../src/api/resource.ts';
import type {
  AttemptOptions,
  AttemptRequest,
  AttemptResult,
  Engine,
  Prepared,
} from '../../../src/controller/engine.ts';
import type { Period } from '../../../src/controller/untouched.ts';
import type { Faults } from './faults.ts';
import type { Invariants } from './invariants.ts';
import type { Life, Scheduler } from './scheduler.ts';
import type { Container, SimulatedNode } from './simulated-node.ts';

export interface EngineParts {
  readonly node: SimulatedNode;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly invariants: Invariants;
  readonly life: Life;
}

const result: AttemptResult = {
  report: { source: 'from-other', metrics: [], warnings: [] },
  duration: 1e9,
};

const progressMs = 6000;

/** Attempts in sandboxes of which chance decides what becomes of them. */
export class SimulatedEngine implements Engine {
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  destinationOf({ namespace, name, spec }: ContentResource): string {
    const path = spec.hostPath ?? `/data/${namespace}/${name}`;
    if (path.startsWith(`/data/${namespace}/`)) return path;
    throw new ContentError('PathNotAllowed', `${path} is outside`);
  }

  async prepare({ uid }: ContentResource, destination: string): Promise<Prepared> {
    const { node, invariants } = this.#parts;
    const made = await this.#step(`prepare ${uid}`, () => {
      this.#lock(uid, destination);
      invariants.prepared(uid, destination);
      if (node.exists(destination)) return false;
      node.make(destination);
      return true;
    });
    const undo = async (): Promise<void> => {
      if (made) await this.#step(`undo ${uid}`, () => node.removeIfEmpty(destination));
    };
    return { undo, [Symbol.asyncDispose]: async () => await this.#unlock(destination) };
  }

  #lock(who: string, destination: string): void {
    const { node, invariants, life } = this.#parts;
    invariants.locks(who, destination);
    node.locks.set(destination, life);
  }

  async #unlock(destination: string): Promise<void> {
    const { node, scheduler, life } = this.#parts;
    // Nothing keeps a process from closing a file.
    await scheduler.step(life, `unlock ${destination}`, () => node.locks.delete(destination));
  }

  async lock(destination: string): Promise<AsyncDisposable> {
    await this.#step(`lock ${destination}`, () => this.#lock('the removal', destination));
    return { [Symbol.asyncDispose]: async () => await this.#unlock(destination) };
  }

  async isEmpty(destination: string): Promise<boolean> {
    const { node, invariants } = this.#parts;
    return await this.#step(`look into ${destination}`, () => {
      const empty = node.isEmpty(destination);
      if (!empty) invariants.foundFull(destination);
      return empty;
    });
  }

  async run(request: AttemptRequest, options: AttemptOptions): Promise<AttemptResult> {
    const { node, invariants, scheduler, faults, life } = this.#parts;
    const { signal, onProgress } = options;
    const { uid, attempt, destination, cleanSlate } = request;
    const ended = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<AttemptResult>();
    const container = await scheduler.step(life, `run ${uid} #${attempt}`, () => {
      signal.throwIfAborted();
      invariants.started(request);
      const started: Container = { uid, attempt, destination, since: scheduler.now, ended };
      node.containers.add(started);
      return started;
    });
    const fate = faults.fate();
    // The sandbox is no part of the daemon: when that ends, it goes on.
    void this.#contain(container, cleanSlate, fate, onProgress).then(
      () => resolve(result),
      (error: unknown) => reject(error as Error),
    );
    const abort = (): void => {
      void scheduler.step(life, `kill ${uid} #${attempt}`, () => {
        // What came to its end before has made the content.
        if (!node.containers.delete(container)) return;
        ended.abort();
        reject(signal.reason as Error);
      });
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    try {
      const made = await promise;
      return await scheduler.step(life, `run ${uid} #${attempt} came to its end`, () => made);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async #contain(
    container: Container,
    cleanSlate: boolean,
    fate: string,
    onProgress: AttemptOptions['onProgress'],
  ): Promise<void> {
    const { node, invariants, scheduler } = this.#parts;
    const { uid, attempt, destination, ended } = container;
    const act = async (what: string, does: () => void): Promise<void> => {
      await scheduler.step(undefined, `sandbox ${uid} #${attempt} ${what}`, () => {
        if (!ended.signal.aborted) does();
      });
      // Nobody hears of a sandbox that was killed.
      if (ended.signal.aborted) await new Promise(() => undefined);
    };
    if (cleanSlate) {
      await act('clears', () => {
        invariants.clears(uid, destination, node.usersFiles(destination));
        node.clear(destination);
      });
    }
    await act('writes', () => node.write(destination, `of ${uid} #${attempt}`, uid));
    if (fate === 'hang' && !scheduler.chance.happens(0.3)) await new Promise(() => undefined);
    if (fate === 'hang') {
      for (let bytes = 1; ; bytes += 1) {
        await scheduler.sleep(undefined, progressMs, ended.signal).catch(() => undefined);
        await act('makes progress', () => onProgress({ step: 'download', bytes }));
      }
    }
    if (fate !== 'succeed') {
      await act(`fails: ${fate}`, () => node.containers.delete(container));
      if (fate === 'crash') throw new Error('the engine has a fault');
      throw new ContentError(fate as ContentError['reason'], 'as chance has it');
    }
    await act('writes the rest', () => node.write(destination, `more of ${uid}`, uid));
    await act('places the ready file', () => {
      node.placeReady(destination, { uid, at: scheduler.now });
      invariants.made(uid);
    });
    await act('ends', () => node.containers.delete(container));
  }

  async finished(destination: string, startTime: number): Promise<AttemptResult | undefined> {
    const { node } = this.#parts;
    return await this.#step(`is ${destination} finished`, () => {
      const ready = node.readyOf(destination);
      return ready !== undefined && ready.at >= startTime - 20 ? result : undefined;
    });
  }

  async isThere(destination: string): Promise<boolean> {
    return await this.#step(`is ${destination} there`, () => this.#parts.node.exists(destination));
  }

  async isUntouched(destination: string, _: Period, signal: AbortSignal): Promise<boolean> {
    const { node } = this.#parts;
    return await this.#step(`is ${destination} untouched`, () => {
      signal.throwIfAborted();
      return node.usersFiles(destination).length === 0;
    });
  }

  async clear(destination: string): Promise<void> {
    const { node, invariants } = this.#parts;
    await this.#step(`clear ${destination}`, () => {
      invariants.clearsAfterwards(destination, node.usersFiles(destination));
      node.clear(destination);
    });
  }

  async remove(_namespace: string, destination: string): Promise<void> {
    const { node, invariants } = this.#parts;
    await this.#step(`remove ${destination}`, () => {
      invariants.clearsAfterwards(destination, node.usersFiles(destination));
      node.remove(destination);
    });
  }

  async reap(uid?: string): Promise<readonly string[]> {
    const { node } = this.#parts;
    return await this.#step(`reap ${uid ?? 'all'}`, () => {
      const found = [...node.containers].filter((each) => uid === undefined || each.uid === uid);
      for (const container of found) {
        container.ended.abort();
        node.containers.delete(container);
      }
      return found.map((each) => each.uid);
    });
  }

  async check(): Promise<void> {
    await this.#step('check', () => undefined);
  }

  async #step<T>(what: string, act: () => T): Promise<T> {
    const { scheduler, faults, life } = this.#parts;
    return await scheduler.step(life, what, () => {
      if (faults.engine()) {
        scheduler.note(`fault: ${what} fails`);
        throw new ContentError('DestinationFailed', 'input/output error');
      }
      return act();
    });
  }
}
