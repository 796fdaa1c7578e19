import type { ContentLimits, IdMapping } from '../api/protocol.ts';
import type { RemoteContent } from '../api/remote-content.ts';
import type { Clock, Random } from './clock.ts';
import type { Credentials } from './git/credentials.ts';
import type { Patience } from './patience.ts';
import type { Report } from './progress.ts';
import type { Variables } from './surroundings.ts';
import type { Owner } from './take-directory.ts';

/** What the steps of a run share. */
export interface RunContext {
  /** Absolute. */
  readonly destination: string;
  /** Of the content, and of this process in the sandbox. */
  readonly owner: Owner;
  /** For the owners that archives name. */
  readonly idMappings: readonly IdMapping[];
  /** What object storage has for the run. */
  readonly remoteContent: RemoteContent;
  readonly limits: ContentLimits;
  /** Of this process; what a tool gets of it is chosen where the tool is started. */
  readonly env: Variables;
  readonly patience: Patience;
  readonly clock: Clock;
  readonly random: Random;
  readonly report: Report;
  /** What one-time secrets answered, by URL: each can be fetched once only. */
  readonly oneTimeSecrets: Map<string, Promise<Credentials>>;
  /** Told of each secret that the host does not know of, before it can show up anywhere. */
  readonly learnSecret: (secret: string) => void;
}
