/** What is done for one key is done one after the other; keys do not wait for each other. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Settles as `act` does, whose turn comes when all has ended that was begun before for the key. */
  async take<T>(key: string, act: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(act);
    const ended = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(key, ended);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === ended) this.#last.delete(key);
    }
  }
}
