/** Files that git finds about as hard as source code: words in lines, sizes from small to large. */

const wordCount = 3000;
const meanBytes = 8000;

/** The same tree for the same count, always. */
export function sourceTree(count: number): Record<string, string> {
  const random = createRandom(1);
  const words = Array.from({ length: wordCount }, () => word(random));
  const files: Record<string, string> = {};
  for (let index = 0; index < count; index += 1) {
    // Most files are small, some are large.
    const bytes = Math.ceil(-Math.log(1 - random()) * meanBytes);
    files[`src/part-${Math.floor(index / 40)}/file-${index}.txt`] = text(bytes, words, random);
  }
  return files;
}

function text(bytes: number, words: readonly string[], random: () => number): string {
  const lines: string[] = [];
  for (let length = 0; length < bytes; length += lines.at(-1)?.length ?? 0) {
    const count = 2 + Math.floor(random() * 9);
    // Squared, so that some words are much more frequent than others.
    const line = Array.from({ length: count }, () => words[Math.floor(random() ** 2 * wordCount)]);
    lines.push(`${line.join(' ')}\n`);
  }
  return lines.join('');
}

function word(random: () => number): string {
  const letters = Array.from({ length: 2 + Math.floor(random() * 9) }, () =>
    String.fromCodePoint(97 + Math.floor(random() * 26)),
  );
  return letters.join('');
}

/** A linear congruential generator (the constants of Numerical Recipes), 0 to below 1. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
