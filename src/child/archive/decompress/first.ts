import type { Chunks } from '../chunks.ts';

/** The first `bytes` bytes (fewer when there are no more), and everything, these included. */
export async function joinFirst(
  source: Chunks,
  bytes: number,
): Promise<{ readonly first: Buffer; readonly all: Chunks }> {
  const iterator = source[Symbol.asyncIterator]();
  let first: Buffer = Buffer.alloc(0);
  while (first.length < bytes) {
    const next = await iterator.next();
    if (next.done === true) break;
    first = first.length === 0 ? next.value : Buffer.concat([first, next.value]);
  }
  return { first: Buffer.from(first.subarray(0, bytes)), all: prepend(first, iterator) };
}

async function* prepend(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (first.length > 0) yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next())
      yield next.value;
  } finally {
    await rest.return?.();
  }
}
