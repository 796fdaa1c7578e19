import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentError } from '../api/errors.ts';
import { syncDirectory, temporarySuffix, writeDurably } from './durable-file.ts';
import { parseEntry, serializeEntry, type JournalEntry } from './journal-entry.ts';

/** What is known of a uid: nothing, its entry, or that there was one which cannot be read. */
export type History = JournalEntry | 'unreadable' | undefined;

/** A file that could not be understood, and where it lies now. */
export interface SetAside {
  readonly uid: string;
  readonly file: string;
  readonly why: string;
}

const suffix = '.json';
const corruptMark = '.json.corrupt-';

/**
 * The node's memory of what was done for which resource: one file a uid, all of them in memory too.
 * It decides whether content may be touched, so an entry that cannot be read is set aside and
 * remembered as unreadable, and nothing is ever derived from it.
 */
export class Journal {
  readonly #folder: string;
  readonly #entries: Map<string, JournalEntry>;
  readonly #unreadable: Set<string>;
  /** Uids of which the disk may have something else than the memory. */
  readonly #unsaved = new Set<string>();
  readonly setAside: readonly SetAside[];

  private constructor(
    folder: string,
    entries: Map<string, JournalEntry>,
    unreadable: Set<string>,
    setAside: readonly SetAside[],
  ) {
    this.#folder = folder;
    this.#entries = entries;
    this.#unreadable = unreadable;
    this.setAside = setAside;
  }

  /** Reads the folder, which is made when it is missing. `now` names files that are set aside. */
  static async open(folder: string, now: number): Promise<Journal> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const entries = new Map<string, JournalEntry>();
    const unreadable = new Set<string>();
    const setAside: SetAside[] = [];
    for (const name of await readdir(folder)) {
      const file = join(folder, name);
      const corrupt = name.indexOf(corruptMark);
      if (name.endsWith(temporarySuffix)) {
        await rm(file, { force: true });
      } else if (corrupt !== -1) {
        unreadable.add(name.slice(0, corrupt));
      } else if (name.endsWith(suffix)) {
        const uid = name.slice(0, -suffix.length);
        const entry = await readEntry(file, uid);
        if (!(entry instanceof Error)) {
          entries.set(uid, entry);
          continue;
        }
        const aside = join(folder, `${uid}${corruptMark}${now}`);
        await rename(file, aside);
        unreadable.add(uid);
        setAside.push({ uid, file: aside, why: entry.message });
      }
    }
    await syncDirectory(folder);
    return new Journal(folder, entries, unreadable, setAside);
  }

  get(uid: string): History {
    return this.#entries.get(uid) ?? (this.#unreadable.has(uid) ? 'unreadable' : undefined);
  }

  entries(): IterableIterator<JournalEntry> {
    return this.#entries.values();
  }

  /** Nothing is remembered when the disk does not take it: throws StateUnwritable or TooManyOpenFiles. */
  async write(entry: JournalEntry): Promise<void> {
    this.#unsaved.add(entry.uid);
    await this.#save(entry);
    this.#entries.set(entry.uid, entry);
    this.#unsaved.delete(entry.uid);
  }

  /** Records what has happened already: it is remembered even when the disk does not take it. */
  async record(entry: JournalEntry): Promise<void> {
    this.#entries.set(entry.uid, entry);
    await this.write(entry);
  }

  /**
   * Makes sure that the disk has what is remembered of the uid, and nothing else, before anything
   * is built on it: a write that failed may have been done. Throws as `write` does.
   */
  async settle(uid: string): Promise<void> {
    if (!this.#unsaved.has(uid)) return;
    const entry = this.#entries.get(uid);
    if (entry === undefined) await this.#remove(uid);
    else await this.#save(entry);
    this.#unsaved.delete(uid);
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

async function readEntry(file: string, uid: string): Promise<JournalEntry | Error> {
  const text = await readFile(file, 'utf8');
  try {
    const entry = parseEntry(text);
    return entry.uid === uid ? entry : new Error(`it speaks of the uid ${entry.uid}`);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function toContentError(cause: unknown): ContentError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'an error';
  return new ContentError(
    code === 'EMFILE' || code === 'ENFILE' ? 'TooManyOpenFiles' : 'StateUnwritable',
    `the journal in the daemon's state directory could not be written: ${code}`,
    { cause },
  );
}
