import { readFile, writeFile } from 'node:fs/promises';

const page = new URL('../../docs/reliability.md', import.meta.url);

/** Replaces what that target wrote into docs/reliability.md earlier; all else there is written by hand. */
export async function record(
  target: 'make fault' | 'make soak' | 'make outage',
  text: string,
): Promise<void> {
  const [begin, end] = [`<!-- ${target} RECORD=1: begin -->`, `<!-- ${target} RECORD=1: end -->`];
  const before = await readFile(page, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`docs/reliability.md has no place for ${target}`);
  await writeFile(page, `${before.slice(0, from)}${begin}\n\n${text}\n\n${before.slice(to)}`);
}
