import type { ContentProgress } from '../api/protocol.ts';
import type { Clock } from './clock.ts';

export type Report = (progress: ContentProgress) => void;

/** Nanoseconds between two lines of the same step. */
const interval = 200_000_000n;

/** Passes on the first word of a step and of its being complete; of the others at most five a second. */
export function limitRate(report: Report, clock: Clock): Report {
  let last: { step: string; complete: boolean; at: bigint } | undefined;
  return (progress) => {
    const { step, bytes, totalBytes } = progress;
    const complete = bytes !== undefined && bytes === totalBytes;
    const at = clock.now();
    const isNews = last?.step !== step || (complete && !last.complete);
    const isEarly = last !== undefined && at - last.at < interval;
    if (isEarly && !isNews) return;
    last = { step, complete, at };
    report(progress);
  };
}
