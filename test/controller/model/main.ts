/** Plays rounds of the model until one fails: WSC_SEED is the first seed, WSC_ROUNDS how many. */
import { mountDisks } from './disk-mount.ts';
import { playRound } from './round.ts';

const first = Number(process.env['WSC_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const rounds = Number(process.env['WSC_ROUNDS'] ?? 10_000);

using mounted = mountDisks();
console.log(`${rounds} rounds, the seeds from ${first} on`);
let failed = false;
for (let seed = first; seed < first + rounds && !failed; seed += 1) {
  try {
    await playRound(seed, mounted.disks);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    failed = true;
  }
  const played = seed - first + 1;
  if (played % 5000 === 0) console.log(`${played} rounds`);
}
process.exitCode = failed ? 1 : 0;
