import type { JournalEntry } from './journal-entry.ts';

export interface PathClaim {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly hostPath: string;
}

/**
 * Which directory belongs to which uid. A claim counts while its resource is there, or an attempt
 * of it that has yet to end; that of a resource that is gone stands in nobody's way, and what lies in the directory protects itself by
 * the rule that it has to be empty.
 */
export class PathClaims {
  readonly #claims = new Map<string, PathClaim>();
  readonly #isLive: (uid: string) => boolean;

  constructor(entries: Iterable<JournalEntry>, isLive: (uid: string) => boolean) {
    for (const entry of entries) this.#claims.set(entry.uid, entry);
    this.#isLive = isLive;
  }

  /** Claims the path, or answers whose it is: the same, one above or one below. */
  claim(wanted: PathClaim): PathClaim | undefined {
    for (const held of this.#claims.values()) {
      if (held.uid === wanted.uid || !overlaps(held.hostPath, wanted.hostPath)) continue;
      if (this.#isLive(held.uid)) return held;
    }
    this.#claims.set(wanted.uid, wanted);
    return undefined;
  }

  release(uid: string): void {
    this.#claims.delete(uid);
  }
}

/** Whether two absolute paths in their shortest form are the same or one lies in the other. */
export function overlaps(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}
