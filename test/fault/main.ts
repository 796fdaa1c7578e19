/**
 * `make fault`: kills the daemon at every transition and at random moments, and looks at what became of
 * people's files. With --record it writes the tables of docs/reliability.md. FAULT_SEED repeats the
 * choices of an earlier run. Needs root, for the sandbox. Ends with 1 when the promise was broken.
 */
import { killAtRandom } from './random-kills.ts';
import { createRandom } from './random.ts';
import { record } from './record.ts';
import { describeMatrix } from './report.ts';
import { playAll } from './rounds.ts';
import { startSite } from './site.ts';
import { judge } from './verdict.ts';

const timesEach = Number(process.env['FAULT_TIMES'] ?? 2);
const kills = Number(process.env['FAULT_KILLS'] ?? 200);

const seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 2 ** 32);
const started = performance.now();
const tell = (text: string): void => {
  const seconds = ((performance.now() - started) / 1000).toFixed(0).padStart(4);
  process.stderr.write(`[${seconds}s] ${text}\n`);
};
tell(`seed ${seed}`);
await using site = await startSite();
const random = createRandom(seed);
const tallies = await playAll(site, random, timesEach, tell);
const { good, failing, withoutSecret } = site.kinds;
const mix = [...good, ...good, ...failing, withoutSecret];
const counts = await killAtRandom(site, { random, kills, mix, tell });
tell('a last life brings everything to its end');
const verdicts = await judge(site);
const seconds = Math.round((performance.now() - started) / 1000);
const { text, held } = describeMatrix({ seed, seconds, tallies, counts, verdicts });
process.stdout.write(`${text}\n`);
if (process.argv.includes('--record')) await record('make fault', text);
if (!held) process.exitCode = 1;
