/** Checks which layers of src/ import which, and says each import that breaks the rules of scripts/lint. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findImports } from './lint/imports.ts';
import { importProblem } from './lint/layers.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
let problems = 0;
// Not glob(): knip would take what it matches for entries, and no file of src/ for unused.
for (const name of await readdir(join(root, 'src'), { recursive: true })) {
  if (!/\.(ts|js)$/.test(name)) continue;
  const file = join('src', name);
  for (const { specifier, line } of findImports(file, await readFile(join(root, file), 'utf8'))) {
    const problem = importProblem(file, specifier);
    if (problem === undefined) continue;
    problems += 1;
    console.error(`${file}:${line} imports ${specifier}: ${problem}`);
  }
}
process.exitCode = problems === 0 ? 0 : 1;
