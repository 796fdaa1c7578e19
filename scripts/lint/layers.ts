import { dirname, join } from 'node:path';

/** What each folder of src/ may import from the others. */
const layers: Record<string, readonly string[]> = {
  api: [],
  storage: ['api'],
  child: ['api'],
  init: ['storage', 'api'],
  controller: ['init', 'storage', 'api'],
  cli: ['controller', 'init', 'storage', 'api'],
};

/** Packages that belong to some layers only. */
const packages: Record<string, readonly string[]> = {
  // The rest knows nothing of Kubernetes, and the child's bundle must not carry its client.
  '@kubernetes/client-node': ['controller', 'cli'],
};

/**
 * Says why the file may not import the specifier, or undefined when it may. The file is a path from the root
 * of the repository, such as src/init/run.ts.
 */
export function importProblem(file: string, specifier: string): string | undefined {
  const layer = layerOf(file);
  if (layer === undefined) return undefined;
  const allowed = layers[layer];
  if (allowed === undefined) return `src/${layer} has no place among the layers`;
  if (!specifier.startsWith('.')) return packageProblem(layer, specifier);

  const target = join(dirname(file), specifier);
  const targetLayer = layerOf(target);
  if (targetLayer === undefined) {
    const isManifest = target === 'package.json';
    return isManifest ? undefined : `${specifier} lies outside of src/`;
  }
  if (targetLayer === layer || allowed.includes(targetLayer)) return undefined;
  const choice = allowed.length === 0 ? 'none of the other layers' : allowed.join(', ');
  return `src/${layer} may import ${choice}; this is src/${targetLayer}`;
}

function packageProblem(layer: string, specifier: string): string | undefined {
  for (const [name, allowed] of Object.entries(packages)) {
    const isIt = specifier === name || specifier.startsWith(`${name}/`);
    if (isIt && !allowed.includes(layer)) {
      return `only ${allowed.map((one) => `src/${one}`).join(' and ')} may import ${name}`;
    }
  }
  return undefined;
}

function layerOf(file: string): string | undefined {
  return /^src\/([^/]+)\//.exec(file)?.[1];
}
