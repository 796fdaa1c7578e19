import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that could not be understood, and where it lies now. */
export interface SetAside {
  readonly uid: string;
  readonly file: string;
  readonly why: string;
}

interface Found {
  readonly uid: string;
  /** Undefined for one that stays under its own name. */
  readonly name: string | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const pattern = /^(.+)\.json\.corrupt-(\d+)$/;

/** For whoever wants to find out what happened. */
const keptMs = 7 * 86_400_000;
const mostKept = 100;

/** Journal files that could not be read. Each stays, and says that its uid is one nobody knows about. */
export class SetAsideFiles {
  readonly #folder: string;
  #found: readonly Found[];

  private constructor(folder: string, found: readonly Found[]) {
    this.#folder = folder;
    this.#found = found;
  }

  static async open(folder: string): Promise<SetAsideFiles> {
    const found = (await readdir(folder)).flatMap((name) => {
      const [, uid, at] = pattern.exec(name) ?? [];
      return uid === undefined ? [] : [{ uid, name, at: Number(at) }];
    });
    return new SetAsideFiles(folder, found);
  }

  has(uid: string): boolean {
    return this.#found.some((each) => each.uid === uid);
  }

  uids(): string[] {
    return [...new Set(this.#found.map(({ uid }) => uid))];
  }

  /**
   * Gives a file another name. One that the disk does not hand out, or that cannot be renamed, stays
   * where it is: the next life may be able to read it.
   */
  async add(name: string, uid: string, why: Error, now: number): Promise<SetAside> {
    const aside = `${uid}.json.corrupt-${now}`;
    const moved = 'code' in why ? false : await this.#rename(name, aside);
    this.#found = [...this.#found, { uid, name: moved ? aside : undefined, at: now }];
    return { uid, file: join(this.#folder, moved ? aside : name), why: why.message };
  }

  async #rename(name: string, aside: string): Promise<boolean> {
    return await rename(join(this.#folder, name), join(this.#folder, aside)).then(
      () => true,
      () => false,
    );
  }

  /**
   * Removes those that nobody needs: older than a week or beyond the newest hundred, of a uid that
   * `isSpare` says has no use for its mark.
   */
  async tidy(isSpare: (uid: string) => boolean, now: number): Promise<string[]> {
    const spare = this.#found
      .filter(({ uid }) => isSpare(uid))
      .toSorted((one, other) => other.at - one.at)
      .filter(({ at }, index) => index >= mostKept || now - at > keptMs);
    const names = spare.flatMap(({ name }) => name ?? []);
    for (const name of names) await rm(join(this.#folder, name), { force: true, recursive: true });
    this.#found = this.#found.filter((each) => !spare.includes(each));
    return names;
  }
}
