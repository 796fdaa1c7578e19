import type { InitializerMessage } from '../../../src/api/initializer.ts';
import {
  type ContentLimits,
  type ContentProgress,
  type ContentReport,
  defaultLimits,
} from '../../../src/api/protocol.ts';
import type { RemoteContent } from '../../../src/api/remote-content.ts';
import { systemClock, systemRandom } from '../../../src/child/clock.ts';
import type { RunContext } from '../../../src/child/context.ts';
import { fillDestination } from '../../../src/child/lifecycle.ts';
import { defaultPatience, type Patience } from '../../../src/child/patience.ts';

/** Retries at once, and waits for others as long as a test may. */
const impatience: Patience = {
  ...defaultPatience,
  retry: { tries: 3, baseMs: 5, maxMs: 20 },
  archiveRetry: { tries: 3, baseMs: 5, maxMs: 20 },
  oneTimeSecret: { tries: 20, baseMs: 5, maxMs: 5 },
};

export interface FillOptions {
  readonly patience?: Partial<Patience>;
  readonly limits?: Partial<ContentLimits>;
  readonly signal?: AbortSignal;
  readonly cleanSlate?: boolean;
  readonly env?: Record<string, string>;
  readonly remoteContent?: RemoteContent;
  /** Gets all progress. */
  readonly progress?: ContentProgress[];
  /** Gets all secrets that the run came by. */
  readonly learned?: string[];
}

/** A run in this process. Throws what a run throws. */
export async function fill(
  destination: string,
  initializer: InitializerMessage,
  options: FillOptions = {},
): Promise<ContentReport> {
  const { cleanSlate = false, signal = new AbortController().signal } = options;
  return await fillDestination(
    { initializer, cleanSlate },
    runContext(destination, options),
    signal,
  );
}

export function runContext(destination: string, options: FillOptions = {}): RunContext {
  return {
    destination,
    owner: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    idMappings: [],
    remoteContent: options.remoteContent ?? {},
    limits: { ...defaultLimits, ...options.limits },
    env: { PATH: process.env['PATH'], ...options.env },
    patience: { ...impatience, ...options.patience },
    clock: systemClock,
    random: systemRandom,
    report: (progress) => options.progress?.push(progress),
    oneTimeSecrets: new Map(),
    learnSecret: (secret) => options.learned?.push(secret),
  };
}
