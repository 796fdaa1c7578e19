import type { Readable, Writable } from 'node:stream';
import { type Chunks, release } from '../chunks.ts';
import { asError } from '../failures.ts';
import { chunksOf } from '../chunk-queue.ts';
import { Waker } from '../waker.ts';

/**
 * What comes out of `output` while the source is written to `input`: two ends of one stream or of one
 * program. Throws what the source throws and what the output fails with; when the output ends first,
 * the rest of the source is left.
 */
export async function* through(
  source: Chunks,
  input: Writable,
  output: Readable,
): AsyncGenerator<Buffer> {
  const feeder = { stopped: false };
  let failure: Error | undefined;
  const feeding = feed(source, input, feeder).catch((error: unknown) => {
    failure = asError(error);
    output.destroy();
  });
  try {
    yield* chunksOf(output);
  } finally {
    feeder.stopped = true;
    input.destroy();
    await feeding;
  }
  if (failure !== undefined) throw failure;
}

/** Ends quietly when the input does: the output tells why. */
async function feed(
  source: Chunks,
  input: Writable,
  feeder: { readonly stopped: boolean },
): Promise<void> {
  const waker = new Waker();
  input.on('drain', waker.wake).on('close', waker.wake).on('error', waker.wake);
  for await (const chunk of source) {
    if (feeder.stopped || input.destroyed) return;
    const more = input.write(chunk, () => release(chunk));
    if (!more && !input.destroyed) await waker.changed();
  }
  input.end();
}
