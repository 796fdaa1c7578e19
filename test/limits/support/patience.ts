import { waitFor } from '../../support/wait.ts';

/** For what takes a moment, but longer on a machine under load: the deadline is there to end a failed test. */
export async function waitPatiently<T>(
  what: string,
  ask: () => T | Promise<T>,
): Promise<Exclude<T, undefined | false>> {
  return await waitFor(what, ask, { timeoutMs: 60_000 });
}
