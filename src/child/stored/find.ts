import type { StoredDownload } from '../../api/remote-content.ts';
import type { RunContext } from '../context.ts';

/** What the host has signed under a name; names are the users', and may be those of JavaScript. */
export function findStored(
  { remoteContent }: Pick<RunContext, 'remoteContent'>,
  name: string,
): StoredDownload | undefined {
  return Object.hasOwn(remoteContent, name) ? remoteContent[name] : undefined;
}
