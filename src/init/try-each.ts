import { ContentError } from '../api/errors.ts';

/**
 * Does it for one after the other, also when it fails for some. Throws what failed at the end: with
 * the reason of the first failure, and the words of all.
 */
export async function tryEach<T>(
  items: Iterable<T>,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) {
    try {
      await act(item);
    } catch (error) {
      failures.push(error);
    }
  }
  const [first] = failures;
  if (failures.length === 0) return;
  if (failures.length === 1) throw first;
  const reason = first instanceof ContentError ? first.reason : 'SandboxFailed';
  const words = failures.map((each) => (each instanceof Error ? each.message : String(each)));
  throw new ContentError(reason, words.join('; '), { cause: new AggregateError(failures) });
}
