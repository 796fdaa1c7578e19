import { ContentError } from '../api/errors.ts';
import type { ContentResource, ResourceIdentity } from '../api/resource.ts';
import { allowedDestination, type Engine } from './engine.ts';
import type { Finalizers } from './finalizers.ts';
import type { JournalEntry } from './journal-entry.ts';
import { entryOf, type Journal } from './journal.ts';
import { toKey } from './keys.ts';
import type { Reporter } from './reporter.ts';
import type { Retries } from './retries.ts';
import type { View } from './status.ts';

export interface StandingParts {
  readonly engine: Pick<Engine, 'destinationOf'>;
  readonly journal: Journal;
  readonly reporter: Reporter;
  readonly finalizers: Finalizers;
}

/** Says how resources stand. All of it throws as `Reporter.report`. */
export class Standing {
  readonly #parts: StandingParts;
  readonly #retries: Retries;

  constructor(parts: StandingParts, retries: Retries) {
    this.#parts = parts;
    this.#retries = retries;
  }

  async report(resource: ContentResource, view: View): Promise<void> {
    await this.#parts.reporter.report(resource, view, this.pathOf(resource, view.entry));
  }

  /** Reports what stands until something happens. Throws as `Finalizers.follow` as well. */
  async settle(resource: ContentResource, view: View): Promise<void> {
    await this.report(resource, view);
    await this.#parts.finalizers.follow(resource, view.entry);
    this.#retries.forget(toKey(resource));
  }

  /** Each attempt that failed is told, also when the next one is due at once. */
  async reportFailure(resource: ContentResource, entry: JournalEntry | undefined): Promise<void> {
    const { backoffLimit } = resource.spec;
    const told = resource.status.error?.attempt;
    if (entry?.state !== 'failed' || told === entry.error.attempt) return;
    await this.report(resource, { kind: 'retrying', entry, backoffLimit });
  }

  /** An attempt has ended, which nobody may hear of before the journal has it: that it does not take it. */
  async reportUnsettled(identity: ResourceIdentity, error: unknown): Promise<void> {
    if (!(error instanceof ContentError)) return;
    const history = this.#parts.journal.get(identity.uid);
    const entry = entryOf(history);
    await this.#parts.reporter.report(identity, { kind: 'blocked', entry, error }, entry?.hostPath);
  }

  pathOf(resource: ContentResource, entry: JournalEntry | undefined): string | undefined {
    return entry?.hostPath ?? allowedDestination(this.#parts.engine, resource);
  }
}
