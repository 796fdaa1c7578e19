import { overlaps } from '../../../src/controller/path-claims.ts';
import type { Life } from './scheduler.ts';

interface Ready {
  readonly uid: string;
  readonly at: number;
}

interface Directory {
  /** By name: the uid whose attempt wrote it, or `user`. */
  readonly files: Map<string, string>;
  ready: Ready | undefined;
}

/** What goes on in a sandbox, also when the daemon that started it is gone. */
export interface Container {
  readonly uid: string;
  readonly attempt: number;
  readonly destination: string;
  /** Since when it is there. */
  readonly since: number;
  readonly ended: AbortController;
}

/** Directories and sandboxes of the node; they outlive the daemon. */
export class SimulatedNode {
  readonly #directories = new Map<string, Directory>();
  readonly containers = new Set<Container>();
  /** By directory the life of the daemon that has locked it; the lock ends with it. */
  readonly locks = new Map<string, Life>();

  exists(path: string): boolean {
    return this.#directories.has(path);
  }

  make(path: string): void {
    if (!this.exists(path)) this.#directories.set(path, { files: new Map(), ready: undefined });
  }

  removeIfEmpty(path: string): void {
    if (this.isEmpty(path)) this.#directories.delete(path);
  }

  write(path: string, file: string, by: string): void {
    this.make(path);
    this.#directories.get(path)?.files.set(file, by);
  }

  placeReady(path: string, ready: Ready): void {
    this.make(path);
    const directory = this.#directories.get(path);
    if (directory !== undefined) directory.ready = ready;
  }

  readyOf(path: string): Ready | undefined {
    return this.#directories.get(path)?.ready;
  }

  locked(): string[] {
    return [...this.locks].flatMap(([path, { alive }]) => (alive ? [path] : []));
  }

  ready(): [string, Ready][] {
    return [...this.#directories].flatMap(([path, { ready }]) => (ready ? [[path, ready]] : []));
  }

  isEmpty(path: string): boolean {
    return this.#within(path).every(
      ([each, { files, ready }]) => each === path && files.size === 0 && ready === undefined,
    );
  }

  /** Whether all that is there was written by attempts of the uid. */
  isAllOf(uid: string, path: string): boolean {
    return this.#within(path).every(
      ([each, { files, ready }]) =>
        each === path &&
        [...files.values()].every((by) => by === uid) &&
        (ready === undefined || ready.uid === uid),
    );
  }

  usersFiles(path: string): string[] {
    return this.#within(path).flatMap(([each, { files }]) =>
      [...files].filter(([, by]) => by === 'user').map(([file]) => `${each}/${file}`),
    );
  }

  clear(path: string): void {
    for (const [each, directory] of this.#within(path)) {
      if (each !== path) this.#directories.delete(each);
      directory.files.clear();
      directory.ready = undefined;
    }
  }

  remove(path: string): void {
    for (const [each] of this.#within(path)) this.#directories.delete(each);
  }

  #within(path: string): [string, Directory][] {
    return [...this.#directories].filter(([each]) => each === path || each.startsWith(`${path}/`));
  }

  /** Containers that may write where another does. */
  beside(uid: string, destination: string): Container[] {
    return [...this.containers].filter(
      (each) => each.uid === uid || overlaps(each.destination, destination),
    );
  }
}
