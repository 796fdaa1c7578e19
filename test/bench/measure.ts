/** Times of two ways to do the same, taken in turns so that the machine's moods meet both alike. */

/** Milliseconds, in the order in which they were taken. */
export type Times = readonly number[];

/** Something that is timed; what it returns is run afterwards, untimed, to clean up. */
export type Way = (round: number) => Promise<(() => Promise<void>) | void>;

/** Runs each way once untimed, then `rounds` times in turns. */
export async function measureInTurns<Name extends string>(
  ways: Readonly<Record<Name, Way>>,
  rounds: number,
): Promise<Record<Name, Times>> {
  const names = Object.keys(ways) as Name[];
  const times = Object.fromEntries(
    names.map((name) => [name, [] as number[]]),
  ) as unknown as Record<Name, number[]>;
  for (let round = -1; round < rounds; round += 1) {
    // Every other round in the other order: what comes first may warm a cache for the second.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const started = performance.now();
      const cleanUp = await ways[name](round);
      const took = performance.now() - started;
      await cleanUp?.();
      if (round >= 0) times[name].push(took);
    }
  }
  return times;
}

/** The value below which this part of all values lies, such as 0.5 for the median. */
export function percentile(times: Times, part: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function median(times: Times): number {
  return percentile(times, 0.5);
}
