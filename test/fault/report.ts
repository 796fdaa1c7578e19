/** The tables of `make fault`. Pure. */
import { grid } from '../bench/report.ts';
import type { RandomKills } from './random-kills.ts';
import type { Tally } from './rounds.ts';
import type { Verdict } from './verdict.ts';

export interface MatrixResult {
  readonly seed: number;
  readonly seconds: number;
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly counts: RandomKills;
  readonly verdicts: readonly Verdict[];
}

/** `held`: every promise was kept, and every moment was met with at least one kind of resource. */
export function describeMatrix(result: MatrixResult): { text: string; held: boolean } {
  const { seed, seconds, tallies, counts, verdicts } = result;
  const unmet = [...tallies].filter(([, { hits }]) => hits.size === 0);
  const broken = verdicts.flatMap(({ breaches }) => breaches);
  const { killed, whileEnding, ended } = counts;
  const text = [
    `Seed ${seed}, ${seconds} s.`,
    grid([
      ['promise', 'looked at', 'broken'],
      ...verdicts.map(({ promise, seen, breaches }) => [promise, seen, String(breaches.length)]),
    ]),
    ...(broken.length === 0 ? [] : [broken.map((each) => `- ${each}`).join('\n')]),
    grid([
      ['the daemon is killed when', 'kinds of resources and how often', 'missed'],
      ...[...tallies].map(([title, { hits, misses }]) => [
        title,
        [...hits].map(([kind, count]) => `${kind} ${count}`).join(', ') || 'never',
        String(misses),
      ]),
    ]),
    `At random moments it was killed ${killed} times, ${whileEnding} of them while it was ending after SIGTERM, ` +
      `and ended ${ended} times by SIGTERM.`,
  ].join('\n\n');
  return { text, held: broken.length === 0 && unmet.length === 0 };
}
