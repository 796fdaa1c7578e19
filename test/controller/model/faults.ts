import type { ErrorReason } from '../../../src/api/errors.ts';
import { errorCatalogue } from '../../../src/api/error-catalogue.ts';
import type { Chance } from './chance.ts';

/** What an attempt comes to. */
export type Fate = 'succeed' | 'hang' | 'crash' | ErrorReason;

const notOfRuns: ReadonlySet<string> = new Set([
  ...['Cancelled', 'Interrupted', 'PathInUse', 'PathNotEmpty', 'PathNotAllowed'],
  ...['ContentMissing', 'DeletionFailed'],
]);
const ofRuns = (Object.keys(errorCatalogue) as ErrorReason[]).filter(
  (reason) => !notOfRuns.has(reason),
);
const passing = ofRuns.filter((reason) => errorCatalogue[reason].retried);
const lasting = ofRuns.filter((reason) => !errorCatalogue[reason].retried);

/** How rough the weather is: each round has its own, and in the end it is calm. */
export class Faults {
  readonly #chance: Chance;
  readonly #rate: number;
  #calm = false;
  secretThere = true;

  constructor(chance: Chance) {
    this.#chance = chance;
    this.#rate = chance.pick([0, 0.01, 0.05, 0.2]);
  }

  /** From now on everything works. */
  end(): void {
    this.#calm = true;
    this.secretThere = true;
  }

  /** Whether this round has any but those of attempts. */
  get none(): boolean {
    return this.#rate === 0;
  }

  #happens(times: number): boolean {
    return !this.#calm && this.#chance.happens(this.#rate * times);
  }

  api(): boolean {
    return this.#happens(1);
  }

  stale(): boolean {
    return this.#happens(2);
  }

  watch(): boolean {
    return this.#happens(0.5);
  }

  halfOpen(): boolean {
    return this.#happens(0.1);
  }

  disk(): boolean {
    return this.#happens(0.3);
  }

  engine(): boolean {
    return this.#happens(0.5);
  }

  fate(): Fate {
    if (this.#calm || this.#chance.happens(0.55)) return 'succeed';
    if (this.#chance.happens(0.2)) return 'hang';
    if (this.#chance.happens(0.1)) return 'crash';
    return this.#chance.pick(this.#chance.happens(0.7) ? passing : lasting);
  }
}
