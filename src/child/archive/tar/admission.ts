/** Whether an entry may reach the destination, given all entries before it. */
import { beyondLimit, corrupt, shown, unsafe } from '../failures.ts';
import type { ArchiveLimits } from '../limits.ts';
import type { Entry } from './entry.ts';
import { nameInside } from './names.ts';
import { PathSet } from './path-set.ts';

export class Admission {
  readonly #limits: ArchiveLimits;
  /** Symbolic links that the archive made and has not replaced. */
  readonly #links = new PathSet();
  /** The directory of the last entry, known not to be reached through a link. */
  #knownParent = '';
  #entries = 0;
  #bytes = 0;
  #apparentBytes = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  get entries(): number {
    return this.#entries;
  }

  /** Payload of the files so far, without holes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws when the entry must not be there; else returns its name below the destination, '' for the destination. */
  admit(entry: Entry): string {
    const name = nameInside(entry.name, 'entry', this.#limits);
    this.#count(entry);
    if (name === '') {
      if (entry.kind === 'directory') return name;
      throw unsafe(`the destination itself would become a ${entry.kind}`);
    }
    this.#checkParents(name, entry.name);
    if (entry.kind === 'symbolic link') this.#addLink(name);
    else if (entry.kind === 'hard link') this.#admitHardLink(name, entry.link);
    else this.#links.delete(name);
    return name;
  }

  #count({ name, size, sparse, link }: Entry): void {
    this.#entries += 1;
    this.#bytes += size;
    this.#apparentBytes += Math.max(size, sparse?.realSize ?? 0);
    const { entries, bytes, pathBytes } = this.#limits;
    if (this.#entries > entries) {
      throw beyondLimit(`the archive has more than the ${entries} entries that are allowed`);
    }
    if (this.#apparentBytes > bytes) {
      throw beyondLimit(
        `the files of the archive have more than the ${bytes} bytes that are allowed`,
      );
    }
    if (link.length > pathBytes) {
      throw beyondLimit(
        `the target of the link ${shown(name)} has more than the ${pathBytes} bytes that are allowed`,
      );
    }
  }

  /**
   * Names the archive's own links on the way to an entry: GNU tar would follow them. Tars of a real tree
   * have none, since what is reached through a link is not stored below its name.
   */
  #checkParents(name: string, shownName: string): void {
    const end = name.lastIndexOf('/');
    if (end === -1 || this.#links.size === 0) return;
    const parent = name.slice(0, end);
    if (parent === this.#knownParent) return;
    for (let slash = parent.indexOf('/'); slash !== -1; slash = parent.indexOf('/', slash + 1)) {
      this.#checkParent(parent.slice(0, slash), shownName);
    }
    this.#checkParent(parent, shownName);
    this.#knownParent = parent;
  }

  #checkParent(parent: string, name: string): void {
    if (!this.#links.has(parent)) return;
    throw unsafe(
      `the entry ${shown(name)} lies behind ${shown(parent)}, which the archive made a symbolic link`,
    );
  }

  /** A hard link to a symbolic link is one, too. */
  #admitHardLink(name: string, link: string): void {
    const target = nameInside(link, 'hard link', this.#limits);
    if (target === '') throw corrupt(`the hard link ${shown(name)} leads to a directory`);
    this.#checkParents(target, link);
    if (this.#links.has(target)) this.#addLink(name);
    else this.#links.delete(name);
  }

  #addLink(name: string): void {
    this.#links.add(name);
    this.#knownParent = '';
    const { symbolicLinks } = this.#limits;
    if (this.#links.size > symbolicLinks) {
      throw beyondLimit(
        `the archive has more than the ${symbolicLinks} symbolic links that are allowed`,
      );
    }
  }
}
