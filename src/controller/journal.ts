import { lstat, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentError } from '../api/errors.ts';
import { syncDirectory, temporarySuffix, writeDurably } from './durable-file.ts';
import { parseEntry, serializeEntry, type JournalEntry } from './journal-entry.ts';
import { type SetAside, SetAsideFiles } from './set-aside.ts';
import { Turns } from './turns.ts';

/** What is known of a uid: nothing, its entry, or that there was one which cannot be read. */
export type History = JournalEntry | 'unreadable' | undefined;

/** Its entry, where that is there and can be read. */
export function entryOf(history: History): JournalEntry | undefined {
  return history === 'unreadable' ? undefined : history;
}

const suffix = '.json';

/** Bytes; no entry is longer. */
const longest = 1024 ** 2;

/**
 * The node's memory of what was done for which resource: one file a uid, all of them in memory too.
 * It decides whether content may be touched, so an entry that cannot be read is set aside and
 * remembered as unreadable, and nothing is ever derived from it.
 */
export class Journal {
  readonly #folder: string;
  readonly #entries: Map<string, JournalEntry>;
  readonly #aside: SetAsideFiles;
  /** A resource's own worker writes its entry, and so does an attempt that gets its directory. */
  readonly #turns = new Turns();
  /** Uids of which the disk may have something else than the memory. */
  readonly #unsaved = new Set<string>();
  /** What was set aside when it was opened. */
  readonly setAside: readonly SetAside[];

  private constructor(
    folder: string,
    entries: Map<string, JournalEntry>,
    aside: SetAsideFiles,
    setAside: readonly SetAside[],
  ) {
    this.#folder = folder;
    this.#entries = entries;
    this.#aside = aside;
    this.setAside = setAside;
  }

  /** Reads the folder, which is made when it is missing. `now` names files that are set aside. */
  static async open(folder: string, now: number): Promise<Journal> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const entries = new Map<string, JournalEntry>();
    const aside = await SetAsideFiles.open(folder);
    const setAside: SetAside[] = [];
    for (const name of await readdir(folder)) {
      const file = join(folder, name);
      if (name.endsWith(temporarySuffix)) {
        await rm(file, { recursive: true, force: true });
      } else if (name.endsWith(suffix)) {
        const uid = name.slice(0, -suffix.length);
        const entry = await readEntry(file, uid);
        if (!(entry instanceof Error)) entries.set(uid, entry);
        else setAside.push(await aside.add(name, uid, entry, now));
      }
    }
    await syncDirectory(folder);
    return new Journal(folder, entries, aside, setAside);
  }

  get(uid: string): History {
    return this.#entries.get(uid) ?? (this.#aside.has(uid) ? 'unreadable' : undefined);
  }

  entries(): IterableIterator<JournalEntry> {
    return this.#entries.values();
  }

  /** Uids that have had an entry which cannot be read. */
  unreadable(): string[] {
    return this.#aside.uids();
  }

  /** When the entry was last written, in milliseconds since the epoch. */
  async changedAt(uid: string): Promise<number> {
    return (await stat(this.#fileOf(uid))).mtimeMs;
  }

  /** For a resource that is gone and will not be heard of again. Throws as `write` does. */
  async forget(uid: string): Promise<void> {
    this.#entries.delete(uid);
    this.#unsaved.add(uid);
    await this.settle(uid);
  }

  /** Removes unreadable files that are old or too many; answers their names. */
  async tidySetAside(isGone: (uid: string) => boolean, now: number): Promise<string[]> {
    return await this.#aside.tidy((uid) => this.#entries.has(uid) || isGone(uid), now);
  }

  /** Nothing is remembered when the disk does not take it: throws StateUnwritable or TooManyOpenFiles. */
  async write(entry: JournalEntry): Promise<void> {
    await this.#turns.take(entry.uid, async () => await this.#write(entry));
  }

  /** Records what has happened already: it is remembered even when the disk does not take it. */
  async record(entry: JournalEntry): Promise<void> {
    await this.#turns.take(entry.uid, async () => {
      this.#entries.set(entry.uid, entry);
      await this.#write(entry);
    });
  }

  async #write(entry: JournalEntry): Promise<void> {
    this.#unsaved.add(entry.uid);
    await this.#save(entry);
    this.#entries.set(entry.uid, entry);
    this.#unsaved.delete(entry.uid);
  }

  /**
   * Makes sure that the disk has what is remembered of the uid, and nothing else, before anything
   * is built on it: a write that failed may have been done. Throws as `write` does.
   */
  async settle(uid: string): Promise<void> {
    await this.#turns.take(uid, async () => {
      if (!this.#unsaved.has(uid)) return;
      const entry = this.#entries.get(uid);
      if (entry === undefined) await this.#remove(uid);
      else await this.#save(entry);
      this.#unsaved.delete(uid);
    });
  }

  async #remove(uid: string): Promise<void> {
    try {
      await rm(this.#fileOf(uid), { force: true });
      await syncDirectory(this.#folder);
    } catch (cause) {
      throw toContentError(cause);
    }
  }

  async #save(entry: JournalEntry): Promise<void> {
    const file = this.#fileOf(entry.uid);
    try {
      await writeDurably(file, serializeEntry(entry));
    } catch (cause) {
      throw toContentError(cause);
    }
  }

  #fileOf(uid: string): string {
    if (!/^[A-Za-z0-9-]{1,64}$/.test(uid)) {
      throw new ContentError('InternalError', `${JSON.stringify(uid)} is no uid`);
    }
    return join(this.#folder, `${uid}${suffix}`);
  }
}

/** An entry as its file has it, or why that cannot be told, with the code of the operating system's errors. */
export async function readEntry(file: string, uid: string): Promise<JournalEntry | Error> {
  try {
    const stats = await lstat(file);
    if (!stats.isFile() || stats.size > longest) return new Error('it is no file of an entry');
    const text = await readFile(file, 'utf8');
    const entry = parseEntry(text);
    return entry.uid === uid ? entry : new Error(`it speaks of the uid ${entry.uid}`);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Whether a failure of the journal is for want of room, which removing content gives. */
export function isForWantOfRoom(error: unknown): boolean {
  if (!(error instanceof ContentError) || error.reason !== 'StateUnwritable') return false;
  const { cause } = error;
  return (
    cause instanceof Error && 'code' in cause && /^(?:ENOSPC|EDQUOT)$/.test(String(cause.code))
  );
}

function toContentError(cause: unknown): ContentError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'an error';
  return new ContentError(
    code === 'EMFILE' || code === 'ENFILE' ? 'TooManyOpenFiles' : 'StateUnwritable',
    `the journal in the daemon's state directory could not be written: ${code}`,
    { cause },
  );
}
