import { hasty, listContainers, removeContainer } from '../init/containers.ts';
import type { RunEnvironment } from '../init/environment.ts';

/**
 * Removes containers that no attempt is at work in: what an attempt could not clean up at its end, for
 * want of file descriptors, say, or since one of its processes hung in a disk.
 */
export class Strays {
  readonly #environment: RunEnvironment;
  readonly #busy = new Set<string>();
  #removing: Promise<void> = Promise.resolve();

  constructor(environment: RunEnvironment) {
    this.#environment = environment;
  }

  /** Keeps the container of a uid from being taken for a stray until it is disposed of. */
  async keep(uid: string): Promise<Disposable> {
    this.#busy.add(uid);
    // It may just be about to remove what an earlier attempt left.
    await this.#removing;
    return { [Symbol.dispose]: () => void this.#busy.delete(uid) };
  }

  /** Never rejects: what cannot be removed is tried again the next time. */
  async remove(): Promise<void> {
    await this.#removing;
    this.#removing = this.#remove();
    await this.#removing;
  }

  async #remove(): Promise<void> {
    const { log } = this.#environment;
    try {
      const found = await listContainers(this.#environment);
      const strays = found.filter(({ uid }) => !this.#busy.has(uid));
      // Side by side, since the next attempt waits for the one that takes longest.
      await Promise.all(strays.map(async ({ id }) => await this.#removeOne(id)));
    } catch (err) {
      log.error({ err }, 'what attempts have left cannot be looked for; it is tried again');
    }
  }

  async #removeOne(container: string): Promise<void> {
    const { log } = this.#environment;
    try {
      await removeContainer(this.#environment, container, hasty);
      log.warn({ container }, 'what an attempt had left was removed');
    } catch (err) {
      const message = 'something that an attempt left cannot be removed; it is tried again';
      log.error({ container, err }, message);
    }
  }
}
