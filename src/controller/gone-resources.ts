import type { Engine } from './engine.ts';
import {
  disown,
  type FailedEntry,
  isRemains,
  type JournalEntry,
  ownsContent,
  periodOf,
  type RunningEntry,
  takesOver,
} from './journal-entry.ts';
import { toKey } from './keys.ts';
import { identityFields } from './log-fields.ts';
import type { PathClaims } from './path-claims.ts';
import { recover, type RecoveryParts } from './recovery.ts';
import type { Runs } from './runs.ts';
import type { Store } from './store.ts';

export interface GoneResourcesParts extends RecoveryParts {
  readonly engine: Pick<
    Engine,
    'finished' | 'isThere' | 'isUntouched' | 'lock' | 'reap' | 'remove'
  >;
  readonly store: Pick<Store, 'hasUid'>;
  readonly runs: Pick<Runs, 'hasUid'>;
  readonly claims: PathClaims;
  readonly stopping: AbortSignal;
}

/** Milliseconds for which a uid has to be unheard of, and its entry unchanged, before it is forgotten. */
const forgottenAfterMs = 3_600_000;

/**
 * What the journal still has of resources that are gone. Only a complete list says that one is; what
 * an attempt of it left unfinished is removed then, and an hour later the entry is forgotten.
 */
export class GoneResources {
  readonly #parts: GoneResourcesParts;
  /** When a complete list was first without the uid. */
  readonly #since = new Map<string, number>();
  /** By key, what there may be something to do for. */
  #due = new Map<string, readonly JournalEntry[]>();

  constructor(parts: GoneResourcesParts) {
    this.#parts = parts;
  }

  /** After a complete list; answers the keys that `tidy` is to be called for. */
  listed(): string[] {
    const { journal, store, clock } = this.#parts;
    const now = clock.now();
    const gone = [...journal.entries()].filter(({ uid }) => !store.hasUid(uid));
    const uids = [...gone.map(({ uid }) => uid), ...journal.unreadable()];
    const known = new Set(uids.filter((uid) => !store.hasUid(uid)));
    for (const uid of this.#since.keys()) if (!known.has(uid)) this.#since.delete(uid);
    for (const uid of known) this.#since.set(uid, this.#since.get(uid) ?? now);
    const due = gone.filter(
      (entry) => entry.state === 'running' || isRemains(entry) || this.#isForgettable(entry.uid),
    );
    this.#due = Map.groupBy(due, toKey);
    void this.#tidyUnreadable();
    return [...this.#due.keys()];
  }

  /**
   * While no other worker is at the key. Never rejects: the next list brings it up again. Answers
   * whether there was something to do, so that a directory may have become free.
   */
  async tidy(key: string): Promise<boolean> {
    const { store, log } = this.#parts;
    const entries = this.#due.get(key) ?? [];
    this.#due.delete(key);
    for (const { uid } of entries) {
      const entry = this.#parts.journal.get(uid);
      if (store.hasUid(uid) || entry === undefined || entry === 'unreadable') continue;
      try {
        if (entry.state === 'running') await this.#recover(entry);
        else if (isRemains(entry)) await this.#removeRemains(entry);
        else if (this.#isForgettable(uid)) await this.#forget(entry);
      } catch (err) {
        log.warn({ ...identityFields(entry), err }, 'remains of a resource that is gone stay');
      }
    }
    return entries.length > 0;
  }

  async #tidyUnreadable(): Promise<void> {
    const { journal, clock, log } = this.#parts;
    const isGone = (uid: string): boolean => this.#isForgettable(uid);
    try {
      const files = await journal.tidySetAside(isGone, clock.now());
      if (files.length > 0) log.info({ files }, 'old unreadable journal entries were removed');
    } catch (err) {
      log.warn({ err }, 'old unreadable journal entries stay');
    }
  }

  #isForgettable(uid: string): boolean {
    const since = this.#since.get(uid);
    return since !== undefined && this.#parts.clock.now() - since >= forgottenAfterMs;
  }

  /** Its directory did not say what became of it when the daemon started. */
  async #recover(entry: RunningEntry): Promise<void> {
    if (this.#parts.runs.hasUid(entry.uid)) return;
    await recover(this.#parts, entry);
    const after = this.#parts.journal.get(entry.uid);
    if (typeof after === 'object' && isRemains(after)) await this.#removeRemains(after);
  }

  async #removeRemains(entry: FailedEntry): Promise<void> {
    const { engine, journal, claims, log, stopping } = this.#parts;
    // Where it is another's by now, the other's attempt removes them.
    using hold = claims.hold(entry);
    if (hold === undefined) return;
    const { hostPath } = entry;
    if (!(await engine.isThere(hostPath))) return await journal.record(disown(entry));
    // With the next list: nobody waits for them.
    await using lock = await engine.lock(hostPath);
    if (lock === undefined) return;
    // Whoever put something there since would lose it.
    if (!(await engine.isUntouched(hostPath, periodOf(entry), stopping))) {
      log.warn(
        { ...identityFields(entry), hostPath },
        'an unfinished attempt of a resource that is gone left something, and so did somebody else: it stays',
      );
      return await journal.record(disown(entry));
    }
    await engine.remove(entry.namespace, hostPath, stopping);
    await journal.record(disown(entry));
    log.info(
      { ...identityFields(entry), hostPath },
      'remains of an unfinished attempt were removed: its resource is gone',
    );
  }

  async #forget(entry: JournalEntry): Promise<void> {
    const { engine, journal, claims, clock, log } = this.#parts;
    const { uid, hostPath } = entry;
    if (clock.now() - (await journal.changedAt(uid)) < forgottenAfterMs) return;
    // Should it come back, its own content would be what spec.existingContent lets it replace, or what came with a volume.
    if (takesOver(entry) && ownsContent(entry) && (await engine.isThere(hostPath))) return;
    // An attempt in its directory is about to write that it is nobody's, and would bring it back.
    if (ownsContent(entry) && claims.ownerBeside(entry) !== undefined) return;
    await journal.forget(uid);
    claims.release(uid);
    log.info(identityFields(entry), 'the journal entry of a resource that is gone was removed');
  }
}
