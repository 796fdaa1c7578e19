import { type FSWatcher, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Sightings, State } from './sightings.ts';

interface Entry {
  readonly uid: string;
  readonly name: string;
  readonly state: State;
  readonly attempts: number;
}

/**
 * Sees each change of the journal as it happens, by inotify on its folder, and remembers what it saw.
 * What is read is the file as it is by then: a state that was replaced at once may be passed over.
 */
export class JournalWatch {
  readonly #folder: string;
  readonly #sightings: Sightings;
  readonly #nameOf: (uid: string) => string | undefined;
  readonly #entries = new Map<string, Entry>();
  readonly #watcher: FSWatcher;
  /** Entries that went on after they had succeeded, and those that were not whole, in words. */
  readonly breaches: string[] = [];

  constructor(folder: string, sightings: Sightings, nameOf: (uid: string) => string | undefined) {
    this.#folder = folder;
    this.#sightings = sightings;
    this.#nameOf = nameOf;
    this.#watcher = watch(folder, (_, file) => this.#look(file ?? ''));
  }

  close(): void {
    this.#watcher.close();
  }

  /** Looks at every entry, as nothing may be missed at the end. Answers the names of other files. */
  lookAtAll(): string[] {
    const files = readdirSync(this.#folder);
    for (const file of files) this.#look(file);
    return files.filter((file) => !/^[0-9a-f-]+\.json$/.test(file));
  }

  #look(file: string): void {
    const [, uid = '', suffix] = /^([0-9a-f-]+)\.json(\.tmp)?$/.exec(file) ?? [];
    if (suffix !== undefined) {
      this.#sightings.see(this.#nameOf(uid) ?? '', 'temporary file');
      return;
    }
    if (uid === '') return;
    const entry = this.#read(file);
    if (entry === undefined) return;
    const before = this.#entries.get(entry.uid);
    if (before?.state === entry.state && before.attempts === entry.attempts) return;
    this.#entries.set(entry.uid, entry);
    if (before?.state === 'succeeded') {
      this.breaches.push(`${entry.name}: succeeded, and then ${entry.state}`);
    }
    this.#sightings.see(entry.name, `${before?.state ?? 'none'} → ${entry.state}`);
    this.#sightings.see(entry.name, `→ ${entry.state}`);
  }

  /** Undefined when it is gone. */
  #read(file: string): Entry | undefined {
    let text: string;
    try {
      text = readFileSync(join(this.#folder, file), 'utf8');
    } catch {
      return undefined;
    }
    try {
      return JSON.parse(text) as Entry;
    } catch {
      this.breaches.push(`the journal's ${file} was not whole`);
      return undefined;
    }
  }
}
