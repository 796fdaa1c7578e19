/**
 * `make soak`: resources in waves through one daemon, and whether it takes more in the end than in the
 * beginning. With --record it writes its table of docs/reliability.md. Ends with 1 when it does.
 */
import { record } from '../record.ts';
import { describeSoak, judgeSoak } from './report.ts';
import { soak } from './waves.ts';

const waves = Number(process.env['SOAK_WAVES'] ?? 20);
const perWave = 50;
const settleMs = 15_000;
const idleMs = 60_000;

const started = performance.now();
const result = await soak({
  ...{ waves, perWave, settleMs, idleMs },
  tell: (text) => void process.stderr.write(`${text}\n`),
});
const lines = judgeSoak(result, { memory: true });
const journalFiles = result.waves.at(-1)?.journalFiles ?? 0;
const megabytes = result.waves.map(({ residentBytes }) => Math.round(residentBytes / 1e6));
const text = [
  `${waves * perWave} resources in ${waves} waves, ${Math.round((performance.now() - started) / 1000)} s.`,
  describeSoak(lines),
  `Resident memory after each wave, in MB: ${megabytes.join(' ')}. ` +
    `The journal has ${journalFiles} entries in the end; those of resources that are gone stay for an hour at least.`,
  ...(result.surprises.length === 0
    ? []
    : [result.surprises.map((each) => `- ${each}`).join('\n')]),
].join('\n\n');
process.stdout.write(`${text}\n`);
if (process.argv.includes('--record')) await record('make soak', text);
if (lines.some(({ held }) => !held)) process.exitCode = 1;
