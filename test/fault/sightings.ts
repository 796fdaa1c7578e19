/** What was seen of a resource from outside of the daemon. */
export type Moment =
  /** A temporary file of the journal appeared. */
  | 'temporary file'
  /** A journal entry was renamed into place: with its state, and with the one before. */
  | `→ ${State}`
  | `${State | 'none'} → ${State}`
  /** `.gitpod/ready` is in the content. */
  | 'ready file'
  /** A watch told of a status with that phase. */
  | `status ${Phase}`;

export type State = 'claimed' | 'running' | 'succeeded' | 'failed';
export type Phase = 'Pending' | 'Initializing' | 'Ready' | 'Failed';

export type Listener = (name: string, moment: Moment) => void;

/** Hands each sighting to all listeners at once, before anything else happens in this process. */
export class Sightings {
  readonly #listeners = new Set<Listener>();

  see(name: string, moment: Moment): void {
    for (const listener of this.#listeners) listener(name, moment);
  }

  /** Returns what ends it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
