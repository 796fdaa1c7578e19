import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../fs-errors.ts';

/** What git says where it does not say why. */
const unwritten =
  /unable to (?:write|create)|cannot (?:write|create|store)|write error|write failure/;

/** A file that git could not write may have been larger than the room that is left. */
const probeBytes = 1024 * 1024;

/**
 * Why git could not write, which its words often leave out: the operating system's code of a try to
 * write in the same place, undefined when that works or git speaks of something else.
 */
export async function whyUnwritten(words: string, directory: string): Promise<string | undefined> {
  if (!unwritten.test(words)) return undefined;
  const probe = join(directory, `.wsc-probe-${process.pid}`);
  try {
    await using file = await open(probe, 'wx', 0o600);
    await file.writeFile(Buffer.alloc(probeBytes));
    return undefined;
  } catch (error) {
    return errorCode(error);
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}
