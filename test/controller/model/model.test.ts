import { test } from 'node:test';
import { mountDisks } from './disk-mount.ts';
import { playRound } from './round.ts';

/** The same seeds each time: a rare fault is found by `make model`, not by whoever runs the tests. */
const seeds = { first: 1, rounds: 400 };

const title =
  'content is made once and kept, and every status ends right, whatever fails in what order';

test(title, { timeout: 300_000 }, async () => {
  using mounted = mountDisks();
  const { first, rounds } = seeds;
  for (let seed = first; seed < first + rounds; seed += 1) await playRound(seed, mounted.disks);
});
