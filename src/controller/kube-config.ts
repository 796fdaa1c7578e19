import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
// The index of @kubernetes/client-node loads every model of the API, twice the memory of all else.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';

import { parse } from 'yaml';
import { isRecord } from '../api/record.ts';

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
    for (const each of file === undefined ? environmentFiles() : [file])
      useTokenFiles(config, each);
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

function environmentFiles(): string[] {
  return (process.env['KUBECONFIG'] ?? '').split(':').filter((file) => file !== '');
}

/** The client does not know `tokenFile` of a kubeconfig, and would send no credentials at all. */
function useTokenFiles(config: KubeConfig, file: string): void {
  const kubeconfig: unknown = parse(readFileSync(file, 'utf8'));
  const users: unknown = isRecord(kubeconfig) ? kubeconfig['users'] : undefined;
  for (const entry of Array.isArray(users) ? (users as unknown[]) : []) {
    if (!isRecord(entry) || !isRecord(entry['user'])) continue;
    const { tokenFile } = entry['user'];
    const user = config.getUser(String(entry['name']));
    if (typeof tokenFile !== 'string' || user === null) continue;
    const token = readFileSync(resolve(dirname(file), tokenFile), 'utf8').trim();
    Object.assign(user, { token });
  }
}
