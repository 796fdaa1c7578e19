import { statfs } from 'node:fs/promises';
import { ContentError } from '../api/errors.ts';

/** What a run takes of the state directory, several times over: it is 36 KiB and 32 inodes. */
export const roomOfRun = { bytes: 256 * 1024, inodes: 64 } as const;

/**
 * The same error with what is left on the file system of the content, when that is what ran out: which
 * of the two it was, bytes or inodes, the operating system does not tell.
 */
export async function withFreeSpace(error: ContentError, path: string): Promise<ContentError> {
  if (error.reason !== 'DestinationFull') return error;
  const left = await readFreeSpace(path);
  if (left === undefined) return error;
  const message = `${error.message} (its file system has ${describe(left)} left now)`;
  const { step } = error;
  return new ContentError(error.reason, message, {
    cause: error,
    ...(step === undefined ? {} : { step }),
  });
}

/** That the state directory has less left than a run may take; undefined when it has enough, or does not tell. */
export async function describeLittleRoom(stateDir: string): Promise<string | undefined> {
  const left = await readFreeSpace(stateDir);
  const { bytes = Infinity, inodes = Infinity } = left ?? {};
  if (left === undefined || (bytes >= roomOfRun.bytes && inodes >= roomOfRun.inodes)) {
    return undefined;
  }
  const wanted = describe(roomOfRun);
  return `the state directory ${stateDir} has only ${describe(left)} left, and an attempt may take ${wanted}`;
}

interface FreeSpace {
  /** Undefined where there is no limit. */
  readonly bytes: number | undefined;
  /** Undefined where inodes are made as they are needed. */
  readonly inodes: number | undefined;
}

async function readFreeSpace(path: string): Promise<FreeSpace | undefined> {
  const found = await statfs(path).catch(() => undefined);
  if (found === undefined) return undefined;
  const { blocks, bavail, bsize, files, ffree } = found;
  return {
    bytes: blocks === 0 ? undefined : bavail * bsize,
    inodes: files === 0 ? undefined : ffree,
  };
}

function describe({ bytes, inodes }: FreeSpace): string {
  const left = bytes === undefined ? [] : [`${Math.floor(bytes / 1024)} KiB`];
  return [...left, ...(inodes === undefined ? [] : [`${inodes} inodes`])].join(' and ');
}
