/**
 * `make bench`: measures side by side in one run and prints what it found; with --record it writes
 * docs/benchmarks.md as well, with --snapshots it takes some minutes more. Needs root, for the sandbox.
 */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { arch, cpus, release, totalmem } from 'node:os';
import { execa } from 'execa';
import { archiveRows } from './archive-rows.ts';
import { applyToReady } from './apply-to-ready.ts';
import { emptyRun } from './empty-run.ts';
import { journalCost } from './journal-cost.ts';
import { table, type Row } from './report.ts';
import { shallowClone } from './shallow-clone.ts';
import { singleDownload } from './single-download.ts';
import { smallDownloads } from './small-downloads.ts';

const page = new URL('../../docs/benchmarks.md', import.meta.url);
/** What stands before it in the page is written by hand. */
const marker = '<!-- Below: written by make bench RECORD=1. -->';

const cases: [name: string, measure: (dir: string) => Promise<Row[]>][] = [
  ['the run of an empty initializer', emptyRun],
  ['apply to Ready, and memory', applyToReady],
  ["the journal's fsyncs", journalCost],
  ['a shallow clone', shallowClone],
  ['small downloads', smallDownloads],
  ['a large download', singleDownload],
];
if (process.argv.includes('--snapshots')) cases.push(['snapshots (some minutes)', archiveRows]);

// tmpfs: the disk's moods are not what is measured.
const dir = await mkdtemp('/dev/shm/wsc-bench-');
try {
  await chmod(dir, 0o755);
  const rows: Row[] = [];
  for (const [name, measure] of cases) {
    process.stderr.write(`measuring ${name}\n`);
    rows.push(...(await measure(dir)));
  }
  const text = `${await machine()}\n\n${table(rows)}\n`;
  process.stdout.write(text);
  if (process.argv.includes('--record')) await record(text);
} finally {
  await rm(dir, { recursive: true, force: true });
}

async function machine(): Promise<string> {
  const [runc, git] = await Promise.all(['runc', 'git'].map(async (tool) => firstLine(tool)));
  const memory = Math.round(totalmem() / 1024 ** 3);
  const node = process.versions.node;
  return `${cpus().length} cores (${arch()}), ${memory} GiB, Linux ${release()}, Node ${node}, ${runc}, ${git}; content on tmpfs.`;
}

async function firstLine(tool: string): Promise<string> {
  const { stdout } = await execa(tool, ['--version']);
  return stdout.split('\n')[0] ?? '';
}

async function record(text: string): Promise<void> {
  const before = (await readFile(page, 'utf8')).split(marker)[0] ?? '';
  await writeFile(page, `${before}${marker}\n\n${text}`);
}
