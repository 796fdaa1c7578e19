import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';

export interface Cluster {
  url: string;
  /** Path of the certificate authority's certificate. */
  ca: string;
}

export type User =
  | { 'client-certificate': string; 'client-key': string }
  | { token: string }
  | { tokenFile: string };

/** Writes a kubeconfig of one cluster and one user that only its owner can read. */
export async function writeKubeconfig(file: string, cluster: Cluster, user: User): Promise<string> {
  const name = 'test';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: cluster.url, 'certificate-authority': cluster.ca } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  await writeFile(file, stringify(config), { mode: 0o600 });
  return file;
}
