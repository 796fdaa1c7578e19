import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
// The index of @kubernetes/client-node loads every model of the API, twice the memory of all else.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';

export type { KubeConfig };

/** What KubeConfig falls back to when there is nothing to go by. */
const fallbackServer = 'http://localhost:8080';

/**
 * Finds the cluster and the credentials: the given kubeconfig file, else KUBECONFIG, else
 * ~/.kube/config, else the service account of the pod. Throws an error for people.
 */
export function loadKubeConfig(file?: string): KubeConfig {
  const config = new KubeConfig();
  try {
    const only = file ?? onlyFile(process.env['KUBECONFIG'] ?? '');
    if (only === undefined) config.loadFromDefault();
    else loadFile(config, only);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`cannot read the kubeconfig${file === undefined ? '' : ` ${file}`}: ${why}`, {
      cause,
    });
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) {
    throw new Error(`the kubeconfig has no cluster for its context "${config.currentContext}"`);
  }
  if (server === fallbackServer) {
    throw new Error('no cluster: set KUBECONFIG or --kubeconfig, or run inside of a cluster');
  }
  return config;
}

function onlyFile(files: string): string | undefined {
  return files === '' || files.includes(':') ? undefined : files;
}

/** As the client does it, which does not know `tokenFile` and would send no credentials at all. */
function loadFile(config: KubeConfig, file: string): void {
  const folder = dirname(file);
  config.loadFromString(
    readFileSync(file, 'utf8').replaceAll(
      /^([\s-]*)tokenFile:\s*(["']?)(.+?)\2\s*$/gm,
      (_, indent: string, _quote, path: string) =>
        `${indent}token-file: ${JSON.stringify(resolve(folder, path))}`,
    ),
  );
  config.makePathsAbsolute(folder);
  // A file of one line ends with a line break, which no header may hold.
  for (const user of config.users) {
    if (user.token !== undefined) Object.assign(user, { token: user.token.trim() });
  }
}
