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
 * anything there before or after. The change time counts, which no program can set.
 */
export async function isUntouched(directory: string | Buffer, period: Period): Promise<boolean> {
  // Names are bytes, which need not be UTF-8.
  for (const name of await readdir(directory, { encoding: 'buffer' })) {
    const path = Buffer.concat([Buffer.from(directory), Buffer.from('/'), name]);
    const stats = await lstat(path);
    const { ctimeMs } = stats;
    if (ctimeMs < period.from - tickMs || ctimeMs > period.to) return false;
    if (stats.isDirectory() && !(await isUntouched(path, period))) return false;
  }
  return true;
}
