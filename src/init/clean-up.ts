import { hasty, removeContainer, removeEndedContainer } from './containers.ts';
import type { RunEnvironment } from './environment.ts';
import type { RunLog } from './run-log.ts';

interface CleanUpOptions {
  /** Whether there was no container, or it came to its end by itself. */
  readonly atRest: boolean;
  /** Aborted when somebody waits for the end, be it while this is at work. */
  readonly signal: AbortSignal;
  readonly log: RunLog;
}

/** Takes away all of a run but its content. Never rejects: what stays is logged. */
export async function cleanUp(
  environment: RunEnvironment,
  id: string,
  options: CleanUpOptions,
): Promise<void> {
  const { atRest, signal, log } = options;
  const inHaste = signal.aborted;
  try {
    const remove = atRest ? removeEndedContainer : removeContainer;
    await remove(environment, id, inHaste ? hasty : { signal });
  } catch (error) {
    if (!inHaste && signal.aborted) await cleanUp(environment, id, options);
    else log.error('something of the run stays behind', error);
  }
}
