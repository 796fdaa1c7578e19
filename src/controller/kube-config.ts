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
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
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
