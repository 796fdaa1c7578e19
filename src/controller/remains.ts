import type { AttemptParts } from './attempt.ts';
import { disown, type FailedEntry, isRemains, periodOf } from './journal-entry.ts';

/**
 * Removes what the last attempt of a resource left that gets no other one: that of a daemon which
 * ended too often, say. Where somebody else has been since, it stays. Throws what the file system throws;
 * it is tried again with the next look at the resource.
 */
export async function removeLastRemains(
  { engine, journal, stopping }: Pick<AttemptParts, 'engine' | 'journal' | 'stopping'>,
  entry: FailedEntry,
): Promise<void> {
  if (!isRemains(entry)) return;
  const { hostPath } = entry;
  const isThere = await engine.isThere(hostPath);
  if (isThere && (await engine.isUntouched(hostPath, periodOf(entry)))) {
    await engine.clear(hostPath, stopping);
  }
  await journal.record(disown(entry));
}
