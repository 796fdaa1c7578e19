import { archiveTargets, measureArchives } from './archives.ts';
import { ms, times, type Row } from './report.ts';

const rounds = 3;

/** Archives restored by this project, by the original's steps, and by GNU tar alone, as rows of the report. */
export async function archiveRows(): Promise<Row[]> {
  const figures = await measureArchives(rounds);
  return figures.map((figure) => {
    const { what, oursMs, originalMs, floorMs, fileMs, oursPeakBytes, originalPeakBytes } = figure;
    const faster = originalMs / oursMs;
    const overFloor = oursMs / floorMs;
    // A server that is slow on purpose is no floor of GNU tar's.
    const limited = what.includes('a connection');
    const { original, floor, peakBytes } = archiveTargets;
    return {
      what: `snapshot: ${what}`,
      figures:
        `${ms(oursMs)} against ${ms(originalMs)} (aria2c, tar, chown), ${ms(floorMs)} (cat into tar) ` +
        `and ${ms(fileMs)} (tar from a file); peak ${megabytes(oursPeakBytes)} against ${megabytes(originalPeakBytes)}`,
      result: `${times(faster)} as fast, ${times(overFloor)} the floor`,
      target: `${original}x as fast${limited ? '' : `, ${floor}x the floor`}`,
      met: faster >= original && (limited || overFloor <= floor) && oursPeakBytes <= peakBytes,
    };
  });
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
