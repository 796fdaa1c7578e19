/** Which network a run gets. Pure. */
import { decodeInitializer } from '../../api/initializer.ts';
import type { RemoteContent } from '../../api/remote-content.ts';
import type { RunEnvironment } from '../environment.ts';
import type { IsolatedNetwork, NetworkSettings } from '../settings.ts';
import type { SpecNetwork } from '../spec.ts';
import { needsNetwork } from './needs-network.ts';
import { networkName, networkPath } from './network.ts';

interface NetworkUser {
  /** Encoded. */
  readonly initializer: Uint8Array;
  readonly remoteContent?: RemoteContent;
}

/** The node's network, none, or one that is to be made. Throws InvalidSpec for an initializer that is none. */
export function planNetwork(
  { initializer, remoteContent = {} }: NetworkUser,
  settings: NetworkSettings,
): 'host' | 'none' | IsolatedNetwork {
  if (settings.mode === 'host') return 'host';
  return needsNetwork(decodeInitializer(initializer), remoteContent) ? settings : 'none';
}

export function specNetwork(
  planned: ReturnType<typeof planNetwork>,
  environment: Pick<RunEnvironment, 'stateDir'>,
  id: string,
): SpecNetwork {
  return typeof planned === 'string'
    ? planned
    : { path: networkPath(networkName(environment, id)) };
}
