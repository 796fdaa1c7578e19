import { lstat, readdir } from 'node:fs/promises';

/** Milliseconds since the epoch. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** What the file system's clock may be behind: it moves by the tick. */
const tickMs = 20;

/**
 * Whether all that lies in a directory was last changed within the period, so that nobody has put
 * anything there before or after; lost+found is its file system's. The change time counts, which no
 * program can set. There may be millions of files: throws the signal's reason once that is aborted.
 */
export async function isUntouched(
  directory: string,
  period: Period,
  signal: AbortSignal,
): Promise<boolean> {
  const path = Buffer.from(directory);
  const names = await namesIn(path);
  return await areUntouched(
    path,
    names.filter((name) => name.toString() !== 'lost+found'),
    period,
    signal,
  );
}

async function areUntouched(
  directory: Buffer,
  names: readonly Buffer[],
  period: Period,
  signal: AbortSignal,
): Promise<boolean> {
  for (const name of names) {
    signal.throwIfAborted();
    const path = Buffer.concat([directory, Buffer.from('/'), name]);
    const stats = await lstat(path);
    const { ctimeMs } = stats;
    if (ctimeMs < period.from - tickMs || ctimeMs > period.to) return false;
    if (!stats.isDirectory()) continue;
    if (!(await areUntouched(path, await namesIn(path), period, signal))) return false;
  }
  return true;
}

/** As bytes, which need not be UTF-8. */
async function namesIn(directory: Buffer): Promise<Buffer[]> {
  return await readdir(directory, { encoding: 'buffer' });
}
