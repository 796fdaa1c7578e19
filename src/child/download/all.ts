import type { RunContext } from '../context.ts';
import { createHttpClient } from './client.ts';
import { type Meter, saveFile } from './save.ts';
import type { FileSpec } from './spec.ts';

/** Files on their way at the same time. */
const atOnce = 8;

/**
 * Downloads all files and answers their bytes. The first failure stops the others; files that were
 * complete by then stay.
 */
export async function downloadAll(
  files: readonly FileSpec[],
  step: string,
  context: RunContext,
  signal: AbortSignal,
): Promise<number> {
  const http = await createHttpClient(context.env, context.patience);
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const total = createTotal(files.length, step, context);
  const queue = files.entries();
  let bytes = 0;

  const work = async (): Promise<void> => {
    for (const [index, file] of queue) {
      const saved = await saveFile(file, http, total.meter(index), context, stop);
      bytes += saved;
    }
  };
  const workers = Array.from({ length: Math.min(atOnce, files.length) }, async () => {
    try {
      await work();
    } catch (error) {
      // The first abort's reason is what all others end with.
      failure.abort(error);
    }
  });
  try {
    await Promise.all(workers);
    signal.throwIfAborted();
    failure.signal.throwIfAborted();
    return bytes;
  } finally {
    await http.close();
  }
}

/** The progress of all files together; the sum of their lengths is known once all servers told them. */
function createTotal(
  count: number,
  step: string,
  { report }: RunContext,
): { meter: (index: number) => Meter } {
  const received = Array.from({ length: count }, () => 0);
  const lengths = Array.from<number | undefined>({ length: count });
  const tell = (): void => {
    const known = lengths.every((length) => length !== undefined);
    report({
      step,
      phase: 'Downloading',
      bytes: sum(received),
      ...(known ? { totalBytes: sum(lengths.map((length) => length ?? 0)) } : {}),
    });
  };
  return {
    meter: (index) => ({
      expect: (bytes) => void (lengths[index] = bytes),
      received: (bytes) => {
        received[index] = (received[index] ?? 0) + bytes;
        tell();
      },
      restart: () => void (received[index] = 0),
    }),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
