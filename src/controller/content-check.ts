import { ContentError } from '../api/errors.ts';
import type { Engine } from './engine.ts';
import type { SucceededEntry } from './journal-entry.ts';
import type { View } from './status.ts';

/** That the content is there, or that somebody has taken it away since it was made. */
export async function viewContent(
  engine: Pick<Engine, 'isThere'>,
  entry: SucceededEntry,
): Promise<View> {
  const { hostPath, removed } = entry;
  if (removed === true) {
    const message = `the content in ${hostPath} was removed, or given up to another resource, since it was made`;
    return { kind: 'blocked', entry, error: new ContentError('ContentMissing', message) };
  }
  // Where the disk does not say, what is known counts.
  if (await engine.isThere(hostPath).catch(() => true)) return { kind: 'ready', entry };
  const message = `${hostPath} is not there any more, or is no directory`;
  return { kind: 'blocked', entry, error: new ContentError('ContentMissing', message) };
}
