import { basename, dirname } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** CommonJS packages inside of an ES module still call require for Node's own modules. */
const requireForCommonJs =
  'import{createRequire as createRequireForBundle}from"node:module";' +
  'const require=createRequireForBundle(import.meta.url);';

/** Bundles an entry with all its packages into `target`; what is imported lazily goes to chunks beside it. */
export async function bundle(entry: string, target: string): Promise<void> {
  const name = basename(target, '.mjs');
  await build({
    entryPoints: { [name]: entry },
    outdir: dirname(target),
    outExtension: { '.js': '.mjs' },
    // Flat, so that `import.meta.dirname` is the same folder in each of them.
    chunkNames: `${name}-[name]-[hash]`,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Names stay as they are written: they stand in stack traces and in error.name.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    banner: { js: requireForCommonJs },
    plugins: [withoutUnusedClientParts],
    logLevel: 'warning',
  });
}

const resolving = Symbol('resolving');

/**
 * The Kubernetes client and its dependencies do nothing on import, though their packages do not say so:
 * without it, the generated models of every API and their like take 8 MB of the daemon's memory.
 */
const withoutUnusedClientParts: Plugin = {
  name: 'without-unused-client-parts',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /.*/ }, async ({ path, pluginData, ...options }) => {
      const ofClient = [path, options.importer].some((name) =>
        name.includes('@kubernetes/client-node'),
      );
      if (!ofClient || pluginData === resolving) return undefined;
      const found = await resolve(path, { ...options, pluginData: resolving });
      return found.errors.length > 0 ? found : { ...found, sideEffects: false };
    });
  },
};
