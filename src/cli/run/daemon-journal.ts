/** What the journal of this node's daemon says of a directory. Only reads: the journal is the daemon's. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentError } from '../../api/errors.ts';
import { type JournalEntry, ownsContent, takesOver } from '../../controller/journal-entry.ts';
import { type History, readEntry } from '../../controller/journal.ts';
import { describeClaim, overlaps } from '../../controller/path-claims.ts';
import { SetAsideFiles } from '../../controller/set-aside.ts';
import { canonicalPath } from './canonical-path.ts';

/** What a run is about to make, and where. */
export interface Wanted {
  readonly uid: string;
  readonly hostPath: string;
}

const suffix = '.json';

/**
 * What the daemon knows of a resource that it has made, or makes just now; a failure stands in nobody's
 * way unless the daemon's next attempt would remove what it finds. `unreadable` also when any entry cannot
 * be read, for the directory may be its. Throws PathInUse when the directory, or one above or below it, is
 * that of another resource, or of this one for the daemon to go on with.
 */
export async function readDaemonJournal(stateDir: string, wanted: Wanted): Promise<History> {
  const folder = join(stateDir, 'journal');
  let own: JournalEntry | undefined;
  const understood = new Set<string>();
  const doubtful: string[] = [];
  try {
    for (const name of await readdir(folder)) {
      if (!name.endsWith(suffix)) continue;
      const uid = name.slice(0, -suffix.length);
      const entry = await readEntry(join(folder, name), uid);
      if (entry instanceof Error) {
        if (!isGone(entry)) doubtful.push(uid);
        continue;
      }
      understood.add(uid);
      if (uid === wanted.uid) own = entry;
      else if (await isInTheWay(entry, wanted.hostPath)) throw inUse(entry, wanted.hostPath);
    }
    // A daemon that starts may have set aside meanwhile what was there a moment ago.
    doubtful.push(...(await SetAsideFiles.open(folder)).uids());
  } catch (error) {
    if (error instanceof ContentError) throw error;
    return isGone(error) ? undefined : 'unreadable';
  }
  if (own?.state === 'succeeded' || own?.state === 'running') return own;
  if (own !== undefined && (await isInTheWay(own, wanted.hostPath))) {
    throw inUse(own, wanted.hostPath);
  }
  return doubtful.some((uid) => !understood.has(uid)) ? 'unreadable' : undefined;
}

async function isInTheWay(entry: JournalEntry, hostPath: string): Promise<boolean> {
  const isAtWork = entry.state === 'running' || entry.state === 'claimed';
  const isToGoOn = entry.state === 'failed' && takesOver(entry);
  if (!isAtWork && !isToGoOn && !ownsContent(entry)) return false;
  if (overlaps(entry.hostPath, hostPath)) return true;
  // The data roots of both may be one, and be named by a link.
  return overlaps(await canonicalPath(entry.hostPath), await canonicalPath(hostPath));
}

function inUse(entry: JournalEntry, wanted: string): ContentError {
  const message = `${describeClaim(entry, wanted)} of this node's daemon; with another --data-root the run stays out of its way`;
  return new ContentError('PathInUse', message);
}

/** The daemon forgets entries while others read. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
