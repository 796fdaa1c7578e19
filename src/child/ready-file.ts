import { lstat, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ContentError } from '../api/errors.ts';
import { readyFile, type Source, type StepMetric } from '../api/protocol.ts';
import type { Random } from './clock.ts';
import { errorCode } from './fs-errors.ts';
import { type Owner, takeDirectory } from './take-directory.ts';

/** What the ready file says. Programs in the workspace wait for the file and read it. */
export function renderReadyFile(source: Source, metrics: readonly StepMetric[]): string {
  return JSON.stringify({
    source,
    metrics: metrics.map(({ type, duration, size }) => ({ type, duration, size })),
  });
}

/**
 * Places the ready file below the destination by one rename, whoever the content gave its directory to.
 * Throws PathNotAllowed when the content stands in its way.
 */
export async function placeReadyFile(
  destination: string,
  text: string,
  owner: Owner,
  random: Random,
): Promise<void> {
  const path = join(destination, readyFile);
  const folder = dirname(path);
  await mkdir(folder, 0o777).catch(async (error: unknown) => {
    if (errorCode(error) !== 'EEXIST' || !(await lstat(folder)).isDirectory()) throw error;
  });
  await takeDirectory(folder, owner);
  const temporary = join(folder, `.ready-${random.name()}`);
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o644 });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    if (errorCode(error) !== 'EISDIR') throw error;
    throw new ContentError(
      'PathNotAllowed',
      `the content has a directory ${readyFile}, which is the name of the ready file`,
      { cause: error },
    );
  }
}
