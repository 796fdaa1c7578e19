import type { ContentProgress } from '../api/protocol.ts';
import type { Clock } from './clock.ts';

export type Report = (progress: ContentProgress) => void;

/** Nanoseconds between two lines of the same step. */
const interval = 200_000_000n;

/** Passes on every first word of a step, and of the others at most five a second. */
export function limitRate(report: Report, clock: Clock): Report {
  let last: { step: string; at: bigint } | undefined;
  return (progress) => {
    const at = clock.now();
    if (last?.step === progress.step && at - last.at < interval) return;
    last = { step: progress.step, at };
    report(progress);
  };
}
