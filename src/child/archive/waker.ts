/** Lets one loop wait for whatever may have changed; it looks for itself what it was. */
export class Waker {
  #wake: (() => void) | undefined;

  readonly wake = (): void => {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  };

  /** Resolves at the next `wake`. */
  async changed(): Promise<void> {
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}
