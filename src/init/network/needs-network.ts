/** Whether the program in the sandbox will talk to anybody. Pure. */
import type { InitializerMessage } from '../../api/initializer.ts';
import type { RemoteContent } from '../../api/remote-content.ts';

/** What needs object storage comes with signed downloads, a backup that goes before all else included. */
export function needsNetwork(initializer: InitializerMessage, remote: RemoteContent): boolean {
  return Object.keys(remote).length > 0 || hasServer(initializer);
}

function hasServer({ git, download, prebuild, composite }: InitializerMessage): boolean {
  return (
    isSet(git) ||
    isSet(download) ||
    (prebuild?.git ?? []).length > 0 ||
    (composite?.initializer ?? []).some(hasServer)
  );
}

function isSet(message: object | null | undefined): boolean {
  return message !== undefined && message !== null;
}
