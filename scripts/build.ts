/**
 * Bundles the program and the child into dist/:
 *
 *   wscontent.mjs and its chunks   src/cli/main.ts; subcommands are chunks, loaded when they are called
 *   child/                         src/child/main.ts and its compile cache; bound into the sandbox
 *   build.json                     the versions of what was built, and of the Node that built it
 *
 * The folder is made beside the old one and takes its place at the end, so that a program that runs from the
 * old one meanwhile is not disturbed.
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './build/bundle.ts';
import { warmCompileCache } from './build/compile-cache.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

// The sandbox reads it as another user.
process.umask(0o022);

async function build(): Promise<void> {
  const fresh = `${dist}.${process.pid}`;
  try {
    await bundle(join(root, 'src/cli/main.ts'), join(fresh, 'wscontent.mjs'));
    await bundle(join(root, 'src/child/main.ts'), join(fresh, 'child/child.mjs'));
    await warmCompileCache(join(fresh, 'child'));
    await writeFile(join(fresh, 'build.json'), `${JSON.stringify(await description(), null, 2)}\n`);
    await replace(fresh);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function description(): Promise<object> {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const { node, v8 } = process.versions;
  return { version: manifest.version, node, v8, arch: process.arch };
}

async function replace(fresh: string): Promise<void> {
  const old = `${fresh}.old`;
  await mkdir(dist, { recursive: true });
  await rename(dist, old);
  await rename(fresh, dist);
  await rm(old, { recursive: true, force: true });
}

async function report(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const bundles = files.filter(({ name }) => name.endsWith('.mjs'));
  let bytes = 0;
  for (const file of bundles) bytes += (await stat(join(file.parentPath, file.name))).size;
  console.log(
    `${relative(root, folder)}/: ${bundles.length} files, ${Math.round(bytes / 1024)} KiB`,
  );
}

try {
  await build();
  await report(dist);
} catch (error) {
  // esbuild has printed what is wrong with the sources, with more than the exception knows.
  if (!(error instanceof Error && 'errors' in error)) throw error;
  process.exitCode = 1;
}
