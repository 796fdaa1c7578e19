import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { findBinaries, type FindOptions } from './binaries.ts';
import type { KubeClient } from './client.ts';
import { createGuardedFolder } from './folder.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { createPki } from './pki.ts';
import { startProcesses } from './processes.ts';
import { createServiceAccountToken } from './service-account.ts';

export interface ControlPlane {
  readonly url: string;
  /** Of its etcd, without any authentication: for what a restored backup does. */
  readonly etcdUrl: string;
  readonly version: string;
  /** Path of the kubeconfig of an administrator. */
  readonly kubeconfig: string;
  /** Holds everything of this control plane, logs in `log/`; gone after `stop`. */
  readonly dir: string;
  /** What to add to a process's environment so that it talks to this control plane. */
  readonly env: { readonly KUBECONFIG: string };
  /** A client with an administrator's rights. */
  readonly client: KubeClient;
  /** For people and exploration: a fresh machine has no kubectl, so tests use `client`. */
  kubectl(args: string[]): Promise<string>;
  /** Creates the service account when it is missing; returns the path of a kubeconfig with a token of it. */
  createServiceAccountKubeconfig(namespace: string, name: string): Promise<string>;
  /** Ends both processes, waits for them and removes the folder. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ControlPlaneOptions extends FindOptions {
  /** Added behind the flags of kube-apiserver; the last of a kind wins. */
  apiserverFlags?: string[];
  readyTimeoutMs?: number;
}

/**
 * Starts a real etcd and kube-apiserver of their own on free ports, ready in about 3 s. There is no controller
 * manager: namespaces are not finalized, owners' dependents are not collected, no service account is made.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const { apiserverFlags = [], readyTimeoutMs = 60_000 } = options;
  const binaries = await findBinaries(options);
  const folder = await createGuardedFolder('control-plane-');
  try {
    const dir = folder.path;
    await Promise.all(['pki', 'log'].map((name) => mkdir(join(dir, name))));
    const pki = await createPki(join(dir, 'pki'));
    const processes = await startProcesses({ dir, pki, binaries, apiserverFlags, readyTimeoutMs });
    const cluster = { url: processes.url, ca: pki.ca };
    const kubeconfig = await writeKubeconfig(join(dir, 'admin.kubeconfig'), cluster, {
      'client-certificate': pki.admin.certificate,
      'client-key': pki.admin.key,
    });
    const stop = async (): Promise<void> => {
      await processes.stop();
      await folder.remove();
    };
    return {
      url: processes.url,
      etcdUrl: processes.etcdUrl,
      version: binaries.version,
      kubeconfig,
      dir,
      env: { KUBECONFIG: kubeconfig },
      client: processes.client,
      async kubectl(args) {
        return (await execa('kubectl', args, { env: { KUBECONFIG: kubeconfig } })).stdout;
      },
      async createServiceAccountKubeconfig(namespace, name) {
        const token = await createServiceAccountToken(processes.client, namespace, name);
        const file = join(dir, `${namespace}.${name}.kubeconfig`);
        return await writeKubeconfig(file, cluster, { token });
      },
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
