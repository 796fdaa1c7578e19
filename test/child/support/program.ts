import { chmod, copyFile, cp, link } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createTempDir } from '../../support/temp.ts';

const sources = fileURLToPath(new URL('../../../src/child/main.ts', import.meta.url));
const built = fileURLToPath(new URL('../../../dist/child', import.meta.url));

export interface ChildProgram extends AsyncDisposable {
  readonly node: string;
  readonly main: string;
}

/** The program of the sandbox, from its sources. */
export const ownProgram: ChildProgram = {
  node: process.execPath,
  main: sources,
  [Symbol.asyncDispose]: async () => undefined,
};

/** As `make build` makes it, and Node, where every user can get at them: both may lie in a home directory. */
export async function programForEverybody(): Promise<ChildProgram> {
  const folder = await createTempDir();
  const node = folder.join('node');
  await chmod(folder.path, 0o755);
  // A copy takes a moment and 120 MB, but a link works within one file system only.
  await link(process.execPath, node).catch(async () => copyFile(process.execPath, node));
  await cp(built, folder.join('child'), { recursive: true });
  return {
    node,
    main: folder.join('child/child.mjs'),
    [Symbol.asyncDispose]: folder.remove,
  };
}
