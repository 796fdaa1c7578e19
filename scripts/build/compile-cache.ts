import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execa } from 'execa';

/**
 * Fills `cache/` beside the child's bundle with V8's code for it (docs/adr/0002-child-start-up.md). A cache is
 * good for this Node, this kind of processor and these flags only; elsewhere it is passed over.
 */
export async function warmCompileCache(folder: string): Promise<void> {
  const child = resolve(folder);
  const cache = join(child, 'cache');
  await mkdir(cache, { recursive: true });
  const chunks = (await readdir(child)).filter(
    (file) => file.endsWith('.mjs') && file !== 'child.mjs',
  );
  const imports = chunks.map((file) => `await import(${JSON.stringify(join(child, file))});`);
  // The chunks first, then the program itself, which finds no input and says so; it may not touch anything.
  await warm(child, cache, ['--input-type=module', '--eval', imports.join('')]);
  await warm(child, cache, [join(child, 'child.mjs')]);

  const entries = (await readdir(cache, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  if (entries.length < chunks.length + 1) {
    throw new Error(`the compile cache holds ${entries.length} of ${chunks.length + 1} modules`);
  }
  // Node writes them for its own user only; the child runs as the owner of the content.
  await Promise.all(entries.map(({ parentPath, name }) => chmod(join(parentPath, name), 0o644)));
}

async function warm(child: string, cache: string, args: string[]): Promise<void> {
  const permissions = ['--permission', `--allow-fs-read=${child}`, `--allow-fs-write=${cache}`];
  await execa(process.execPath, [...permissions, ...args], {
    reject: false,
    extendEnv: false,
    env: { NODE_COMPILE_CACHE: cache, NODE_COMPILE_CACHE_PORTABLE: '1' },
    stdio: ['ignore', 'ignore', 'ignore', 'ignore', 'ignore', 'ignore'],
    timeout: 30_000,
  });
}
