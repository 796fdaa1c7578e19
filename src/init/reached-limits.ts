/** What a run failed with, when the reason behind it is that the sandbox came to one of its limits. */
import { ContentError } from '../api/errors.ts';
import type { ReachedLimits } from './cgroups.ts';
import type { SandboxLimits } from './settings.ts';

/**
 * The failure as it is, or LimitExceeded that names the limit and the flag, with the words of the
 * failure: a tool that was killed, or that could not start a process, only tells of that.
 */
export function explainByLimits(
  failure: ContentError,
  reached: ReachedLimits,
  limits: SandboxLimits,
): ContentError {
  const what = describe(reached, limits);
  if (what === undefined) return failure;
  return new ContentError('LimitExceeded', `${what}: ${failure.message}`, {
    cause: failure,
    ...(failure.step === undefined ? {} : { step: failure.step }),
  });
}

function describe(reached: ReachedLimits, { memory, pids }: SandboxLimits): string | undefined {
  if (reached.memory) {
    const limit = memory === 0 ? 'which has no limit' : `whose limit is ${memory / 1024 ** 2} MiB`;
    return `memory ran out, and a process of the sandbox was killed, ${limit} (--sandbox-memory)`;
  }
  if (reached.pids) {
    return `the sandbox came to its limit of ${pids} processes and threads (--sandbox-pids)`;
  }
  return undefined;
}
