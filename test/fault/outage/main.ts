/**
 * `make outage`: the API server is away for ten minutes of real time, or OUTAGE_SECONDS. With --record it
 * writes its table of docs/reliability.md. Needs root, for the sandbox. Ends with 1 when something broke.
 */
import { grid } from '../../bench/report.ts';
import { record } from '../record.ts';
import { outlast } from './outage.ts';

const seconds = Number(process.env['OUTAGE_SECONDS'] ?? 600);
const findings = await outlast(seconds * 1000, (text) => void process.stderr.write(`${text}\n`));
const text = [
  `Away for ${seconds} s.`,
  grid([
    ['what', 'found', ''],
    ...findings.map(({ what, found, held }) => [what, found, held ? 'held' : 'broken']),
  ]),
].join('\n\n');
process.stdout.write(`${text}\n`);
if (process.argv.includes('--record')) await record('make outage', text);
if (findings.some(({ held }) => !held)) process.exitCode = 1;
