import type { AttemptParts } from './attempt.ts';
import { disown, type FailedEntry, isRemains, periodOf } from './journal-entry.ts';
import type { PathClaims } from './path-claims.ts';

export interface RemainsParts extends Pick<AttemptParts, 'engine' | 'journal' | 'stopping'> {
  readonly claims: PathClaims;
}

/**
 * Removes what the last attempt of a resource left that gets no other one: that of a daemon which
 * ended too often, say. Where somebody else has been since, it stays; where somebody is at work, for now.
 * Throws what the file system throws; it is tried again with the next look at the resource.
 */
export async function removeLastRemains(
  { engine, journal, claims, stopping }: RemainsParts,
  entry: FailedEntry,
): Promise<void> {
  if (!isRemains(entry)) return;
  // The resource may leave the store meanwhile. Where it is another's, the other's attempt removes them.
  using hold = claims.hold(entry);
  if (hold === undefined) return;
  const { hostPath } = entry;
  if (await engine.isThere(hostPath)) {
    await using lock = await engine.lock(hostPath);
    if (lock === undefined) return;
    const isUntouched = await engine.isUntouched(hostPath, periodOf(entry), stopping);
    if (isUntouched) await engine.clear(hostPath, stopping);
  }
  await journal.record(disown(entry));
}
