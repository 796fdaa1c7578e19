import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../src/controller/clock.ts';
import type { Chance } from './chance.ts';

/** One life of the daemon. What it waits for when it ends never happens. */
export interface Life {
  readonly id: number;
  alive: boolean;
}

interface Step {
  readonly life: Life | undefined;
  readonly label: string;
  readonly act: () => void;
}

interface Timer {
  readonly life: Life | undefined;
  readonly at: number;
  readonly wake: () => void;
}

/** Steps and time that pass before a round is taken for one that goes on for ever. */
const mostSteps = 20_000;

/**
 * Decides what happens next. Whatever the daemon or its surroundings wait for is a step, and chance
 * picks one of them at a time; time passes with each, or in a leap to the next timer.
 */
export class Scheduler {
  readonly chance: Chance;
  readonly #trace: [number, Life | undefined, string][] = [];
  /** Whether time may leap over what could be done at once, as on a node that is overloaded. */
  mayStall = true;
  readonly #steps: Step[] = [];
  readonly #timers = new Set<Timer>();
  /** A believable time, so that dates in statuses are. */
  #now = Date.UTC(2026, 0, 1);
  #count = 0;

  constructor(chance: Chance) {
    this.chance = chance;
  }

  get now(): number {
    return this.#now;
  }

  get idle(): boolean {
    return this.#steps.length === 0;
  }

  note(text: string, life?: Life): void {
    this.#trace.push([this.#now, life, text]);
  }

  /** What happened, a line each: milliseconds of the day, the daemon's life, what. */
  trace(): string[] {
    return this.#trace.map(([at, life, text]) => {
      const time = String(at % 86_400_000).padStart(8);
      return `${time} ${life === undefined ? '' : `[${life.id}] `}${text}`;
    });
  }

  /** Does it when its turn has come, if the life lasts until then; the promise settles with it. */
  async step<T>(life: Life | undefined, label: string, act: () => T): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      if (life?.alive === false) return;
      const settle = (): void => {
        try {
          resolve(act());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.#steps.push({ life, label, act: settle });
    });
  }

  async sleep(life: Life | undefined, ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      if (life?.alive === false) return;
      const timer: Timer = { life, at: this.#now + ms, wake: resolve };
      const cancel = (): void => {
        this.#timers.delete(timer);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', cancel, { once: true });
      this.#timers.add(timer);
    });
  }

  clockOf(life: Life): Clock {
    return {
      now: () => this.#now,
      random: () => this.chance.next(),
      sleep: async (ms, signal) => await this.sleep(life, ms, signal),
    };
  }

  end(life: Life): void {
    life.alive = false;
    for (let index = this.#steps.length - 1; index >= 0; index -= 1) {
      if (this.#steps[index]?.life === life) this.#steps.splice(index, 1);
    }
    for (const timer of this.#timers) if (timer.life === life) this.#timers.delete(timer);
  }

  /** Goes on until it is done; `between` is asked before each step. False when nothing is left. */
  async run(done: () => boolean, between: () => void = () => undefined): Promise<boolean> {
    for (;;) {
      between();
      // Everything that waits for nothing comes to its end first.
      await turn();
      if (done()) return true;
      this.#count += 1;
      if (this.#count > mostSteps) throw new Error(`no end after ${mostSteps} steps`);
      if (!this.#next()) return false;
    }
  }

  #next(): boolean {
    if (this.#steps.length === 0 || (this.mayStall && this.chance.happens(0.03))) this.#leap();
    else this.#now += this.chance.between(1, 40);
    this.#ring();
    const index = this.chance.between(0, this.#steps.length - 1);
    const last = this.#steps.pop();
    if (last === undefined) return this.#timers.size > 0;
    const step = this.#steps[index] ?? last;
    if (index < this.#steps.length) this.#steps[index] = last;
    this.note(step.label, step.life);
    step.act();
    return true;
  }

  #leap(): void {
    let next = Infinity;
    for (const { at } of this.#timers) next = Math.min(next, at);
    if (next !== Infinity) this.#now = Math.max(this.#now, next);
  }

  #ring(): void {
    for (const timer of this.#timers) {
      if (timer.at > this.#now) continue;
      this.#timers.delete(timer);
      this.#steps.push({ life: timer.life, label: 'timer', act: timer.wake });
    }
  }
}
