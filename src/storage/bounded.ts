/**
 * Maps all items, at most `limit` of them at a time, and keeps their order. The first failure ends the
 * others by their signal, and is thrown when all have ended.
 */
export async function mapBounded<T, R>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal,
  map: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const queue = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (either.aborted) return;
      try {
        results[index] = await map(item, either);
      } catch (error) {
        // Those that it ends fail too; the first abort's reason stays.
        failed.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  signal.throwIfAborted();
  failed.signal.throwIfAborted();
  return results;
}
