/** What lies in the directory of an attempt before it starts, and whose it is. */
import { ContentError } from '../api/errors.ts';
import type { AttemptOrder, AttemptParts } from './attempt.ts';
import { isForgotten } from './decide.ts';
import { disown, isRemains, type JournalEntry, ownsContent, periodOf } from './journal-entry.ts';
import type { History, Journal } from './journal.ts';
import { overlaps } from './path-claims.ts';

/**
 * Makes sure that an attempt finds in its directory what it expects. Throws PathNotEmpty,
 * JournalUnreadable, and what removing remains throws.
 */
export async function assertAsExpected(
  parts: AttemptParts,
  order: AttemptOrder,
  history: History,
): Promise<void> {
  const { destination, expected, plan, resource } = order;
  const forgotten = isForgotten(history, resource.status);
  if (plan.provided !== true) {
    await removeRemains(parts, order);
    if (expected !== 'empty') return;
  } else if (!forgotten) {
    // The volume came with something.
    return;
  }
  if (await parts.engine.isEmpty(destination)) return;
  throw forgotten
    ? notKnown(destination, history)
    : new ContentError('PathNotEmpty', `${destination} is not empty`);
}

/**
 * Removes what a resource that is gone has left unfinished in the very directory: the claim on it
 * says that no resource which is there has anything in it. Where somebody else has been since, it stays.
 */
async function removeRemains(
  { engine, journal }: AttemptParts,
  order: AttemptOrder,
): Promise<void> {
  const { destination, signal } = order;
  for (const entry of formerOwners(journal, order)) {
    if (!isRemains(entry) || entry.hostPath !== destination) continue;
    if (!(await engine.isUntouched(destination, periodOf(entry), signal))) continue;
    await engine.clear(destination, signal);
    await journal.write(disown(entry));
  }
}

/**
 * Entries of other uids by which the directory would be theirs. From now on it is not: should such a
 * resource come back from a backup, nothing in it is taken for its content, or removed with it.
 */
export function formerOwners(
  journal: Journal,
  { resource, destination }: Pick<AttemptOrder, 'resource' | 'destination'>,
): JournalEntry[] {
  return [...journal.entries()].filter(
    (entry) =>
      entry.uid !== resource.uid &&
      (ownsContent(entry) || entry.provided === true) &&
      overlaps(entry.hostPath, destination),
  );
}

/** What lies there may be content of this very uid, with work in it. */
function notKnown(destination: string, history: History): ContentError {
  const why =
    history === 'unreadable'
      ? 'what this node remembers of the resource cannot be read'
      : 'the status tells of attempts that this node remembers nothing of';
  const message = `${destination} is not empty, and ${why}: the content may be its own`;
  return new ContentError('JournalUnreadable', message);
}
