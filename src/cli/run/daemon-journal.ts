import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JournalEntry, ownsContent, parseEntry } from '../../controller/journal-entry.ts';
import type { History } from '../../controller/journal.ts';
import { overlaps } from '../../controller/path-claims.ts';

/**
 * What this node's daemon knows of a resource that it has made, or makes just now; its failures stand
 * in nobody's way. Only reads: the journal is the daemon's.
 */
export async function readDaemonJournal(stateDir: string, uid: string): Promise<History> {
  const folder = join(stateDir, 'journal');
  const names = await readdir(folder).catch(() => []);
  // The daemon sets aside what it cannot read itself, under a longer name.
  if (!names.some((name) => name.startsWith(`${uid}.json`))) return undefined;
  try {
    const entry = parseEntry(await readFile(join(folder, `${uid}.json`), 'utf8'));
    return entry.state === 'succeeded' || entry.state === 'running' ? entry : undefined;
  } catch {
    return 'unreadable';
  }
}

/** What this node's daemon has, makes or is about to make for another uid in a part of the path. */
export async function findOwner(
  stateDir: string,
  uid: string,
  hostPath: string,
): Promise<JournalEntry | undefined> {
  const folder = join(stateDir, 'journal');
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith('.json') || name === `${uid}.json`) continue;
    const entry = await readFile(join(folder, name), 'utf8').then(parseEntry, () => undefined);
    if (entry === undefined || !overlaps(entry.hostPath, hostPath)) continue;
    const isAtWork = entry.state === 'running' || entry.state === 'claimed';
    if (isAtWork || ownsContent(entry)) return entry;
  }
  return undefined;
}
