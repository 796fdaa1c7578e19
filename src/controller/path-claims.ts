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
  /** Of resources that are gone and whose remains are being removed. */
  readonly #held = new Set<string>();
  readonly #isLive: (uid: string) => boolean;

  constructor(entries: Iterable<JournalEntry>, isLive: (uid: string) => boolean) {
    for (const entry of entries) this.#claims.set(entry.uid, entry);
    this.#isLive = isLive;
  }

  /** Claims the path, or answers whose it is: the same, one above or one below. */
  claim(wanted: PathClaim): PathClaim | undefined {
    const owner = this.ownerBeside(wanted);
    if (owner === undefined) this.#claims.set(wanted.uid, wanted);
    return owner;
  }

  /** Who else has a part of the path. */
  ownerBeside({ uid, hostPath }: PathClaim): PathClaim | undefined {
    for (const held of this.#claims.values()) {
      if (held.uid === uid || !overlaps(held.hostPath, hostPath)) continue;
      if (this.#isLive(held.uid) || this.#held.has(held.uid)) return held;
    }
    return undefined;
  }

  /**
   * Keeps everybody from the path of a resource that is gone until it is disposed of; undefined when
   * a part of it is another's.
   */
  hold(claim: PathClaim): Disposable | undefined {
    if (this.claim(claim) !== undefined) return undefined;
    this.#held.add(claim.uid);
    return { [Symbol.dispose]: () => void this.#held.delete(claim.uid) };
  }

  release(uid: string): void {
    this.#claims.delete(uid);
  }
}

/** Whether two absolute paths in their shortest form are the same or one lies in the other. */
export function overlaps(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

/** Whose the wanted path is, for people. */
export function describeClaim({ namespace, name, hostPath }: PathClaim, wanted: string): string {
  const what = hostPath === wanted ? hostPath : `${hostPath}, which overlaps,`;
  return `${what} belongs to the WorkspaceContent ${namespace}/${name}`;
}
