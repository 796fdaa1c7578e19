/**
 * Restoring snapshots, side by side: this project's way; the original's (aria2c to a temporary file, GNU
 * tar from it, a chown pass over everything); and GNU tar alone reading the decompressed stream that `cat`
 * writes, which is the floor, and the decompressed file itself, which no stream can be. Everything lies on tmpfs. Needs aria2c; gzip is decompressed by igzip where
 * that is installed, as in a run.
 */
import { chown, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { build } from 'esbuild';
import { startObjectServer } from '../support/archive-server.ts';
import { type BenchArchive, makeArchives } from './archive-data.ts';
import { median, measureInTurns } from './measure.ts';

export interface ArchiveFigures {
  readonly what: string;
  /** Milliseconds, medians. */
  readonly oursMs: number;
  readonly originalMs: number;
  readonly floorMs: number;
  readonly fileMs: number;
  /** Peak resident bytes of this project's process, and of aria2c. */
  readonly oursPeakBytes: number;
  readonly originalPeakBytes: number;
}

/** Targets of the ratios: original to ours at least, ours to floor at most; bytes at most. */
export const archiveTargets = { original: 1.5, floor: 1.25, peakBytes: 150e6 };

const ids = { uid: 33333, gid: 33333 };
const slowBytesPerSecond = 40e6;

/** `rounds` of each way in turns, after one that does not count. Uses some 4 GB of /dev/shm. */
export async function measureArchives(rounds: number): Promise<ArchiveFigures[]> {
  const directory = await mkdtemp('/dev/shm/wsc-bench-');
  const server = await startObjectServer();
  try {
    const program = await bundleProgram(directory);
    const archives = await makeArchives(directory);
    const figures: ArchiveFigures[] = [];
    for (const [key, archive] of Object.entries(archives)) {
      const url = server.put(`/${key}`, { content: archive.content });
      figures.push(await compare(archive.name, archive, url, { program, directory, rounds }));
    }
    for (const key of ['small', 'large']) {
      const archive = archives[key];
      if (archive === undefined) continue;
      const { content, name } = archive;
      const url = server.put(`/slow-${key}`, { content, bytesPerSecond: slowBytesPerSecond });
      figures.push(
        await compare(`${name}, 40 MB/s a connection`, archive, url, {
          program,
          directory,
          rounds,
        }),
      );
    }
    return figures;
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Bench {
  readonly program: string;
  readonly directory: string;
  readonly rounds: number;
}

async function compare(
  what: string,
  archive: BenchArchive,
  url: URL,
  { program, directory, rounds }: Bench,
): Promise<ArchiveFigures> {
  const destination = `${directory}/destination`;
  const extract = `tar ${tarOptions(destination).join(' ')} --file=-`;
  const peaks = { ours: 0, original: 0 };
  const inFresh = async (run: () => Promise<void>) => {
    await mkdir(destination);
    await chown(destination, ids.uid, ids.gid);
    await run();
    return async () => await rm(destination, { recursive: true });
  };
  const times = await measureInTurns(
    {
      ours: async () =>
        await inFresh(async () => {
          const { stdout } = await execa(process.execPath, [program, url.href, destination], {
            env: { NODE_COMPILE_CACHE: `${directory}/cache` },
          });
          peaks.ours = Math.max(
            peaks.ours,
            (JSON.parse(stdout) as { peakBytes: number }).peakBytes,
          );
        }),
      original: async () =>
        await inFresh(async () => {
          const file = `${directory}/download`;
          const aria2c = [
            '-q',
            '-s10',
            '-x16',
            '-j12',
            '--allow-overwrite',
            '-d',
            directory,
            '-o',
            'download',
          ];
          peaks.original = Math.max(peaks.original, await peakOf('aria2c', [...aria2c, url.href]));
          await execa('tar', [...tarOptions(destination), `--file=${file}`]);
          await execa('chown', ['-hR', `${ids.uid}:${ids.gid}`, destination]);
          await rm(file);
        }),
      // Not by execa's own means, which would read the file here and write it to a pipe.
      floor: async () =>
        await inFresh(async () => {
          const command = `cat "$1" | ${extract} --blocking-factor=512`;
          await execa('sh', ['-c', command, 'sh', archive.plainPath]);
        }),
      file: async () =>
        await inFresh(async () => {
          await execa('sh', ['-c', `${extract} < "$1"`, 'sh', archive.plainPath]);
        }),
    },
    rounds,
  );
  return {
    what,
    oursMs: median(times.ours),
    originalMs: median(times.original),
    floorMs: median(times.floor),
    fileMs: median(times.file),
    oursPeakBytes: peaks.ours,
    originalPeakBytes: peaks.original,
  };
}

function tarOptions(destination: string): string[] {
  return [
    ...['--extract', `--directory=${destination}`, '--numeric-owner', '--same-owner'],
    ...['--same-permissions', '--xattrs', '--xattrs-include=*'],
  ];
}

/** Runs a command; answers its peak resident bytes, as the kernel had them when last looked at. */
async function peakOf(command: string, args: readonly string[]): Promise<number> {
  let peak = 0;
  const running = execa(command, args);
  const timer = setInterval(() => {
    void readFile(`/proc/${running.pid}/status`, 'utf8')
      .then((status) => (peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024 || peak))
      .catch(() => undefined);
  }, 20);
  try {
    await running;
  } finally {
    clearInterval(timer);
  }
  return peak;
}

async function bundleProgram(directory: string): Promise<string> {
  await build({
    entryPoints: [fileURLToPath(new URL('archive-program.ts', import.meta.url))],
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minifyWhitespace: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
  return `${directory}/archive-program.mjs`;
}
