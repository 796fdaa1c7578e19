import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { metricTypes, readyFile, sources, type StepMetric } from '../api/protocol.ts';
import { isRecord } from '../api/record.ts';
import { toDestinationError } from '../init/destination.ts';
import type { AttemptResult } from './engine.ts';

/** No ready file is longer: it has a row of some hundred bytes for each step. */
const longest = 256 * 1024;

/** Times of files come from a clock that ticks every few milliseconds. */
const tickMs = 20;

/** What opening says when the content has no ready file, or something else in its place. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EISDIR']);

/**
 * What an attempt came to that began at `startTime` (ms since the epoch) and that nobody watched to
 * its end: its ready file is the last thing that it places, by a rename. Undefined when there is
 * none, or one from before. The content is hostile: no link in it is followed, nothing in it blocks.
 * A content with such a file of its own can pass for finished; it cheats nobody but itself. Throws
 * DestinationBroken, TooManyOpenFiles and the like when that cannot be told.
 */
export async function readFinished(
  destination: string,
  startTime: number,
): Promise<AttemptResult | undefined> {
  try {
    await using root = await open(destination, constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const directory = throughHandle(root, dirname(readyFile));
    await using folder = await open(directory, constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const path = throughHandle(folder, basename(readyFile));
    await using file = await open(path, constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await file.stat();
    const { ctimeMs, mtimeMs, size } = stats;
    if (!stats.isFile()) return undefined;
    // Archives hold the ready file of an earlier life, with its time: it comes before the rest of the content.
    if (Math.min(ctimeMs, mtimeMs) < startTime - tickMs || size > longest) return undefined;
    const duration = Math.max(0, Math.round((ctimeMs - startTime) * 1e6));
    return parseReadyFile(await file.readFile('utf8'), duration);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (absent.has(code)) return undefined;
    throw toDestinationError(error, destination);
  }
}

function throughHandle(directory: FileHandle, name: string): string {
  return `/proc/self/fd/${directory.fd}/${name}`;
}

function parseReadyFile(text: string, duration: number): AttemptResult | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || !Array.isArray(value['metrics'])) return undefined;
  const source = sources.find((each) => each === value['source']);
  const metrics = value['metrics'].map(parseMetric);
  if (source === undefined || metrics.includes(undefined)) return undefined;
  const warnings = ['The attempt was ended before it could report: its warnings are not known.'];
  const steps = metrics.filter((metric) => metric !== undefined);
  return { duration, report: { source, metrics: steps, warnings } };
}

/** The ready file does not tell the paths of the steps. */
function parseMetric(row: unknown): StepMetric | undefined {
  if (!isRecord(row)) return undefined;
  const type = metricTypes.find((each) => each === row['type']);
  const [duration, size] = [row['duration'], row['size']];
  if (type === undefined || !isCount(duration) || !isCount(size)) return undefined;
  return { path: type, type, duration, size };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
