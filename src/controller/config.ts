import type { SandboxSettings } from '../init/settings.ts';
import type { StorageConfig } from '../storage/config.ts';

/** How the daemon of one node is set up. */
export interface ControllerConfig {
  readonly nodeName: string;
  /** Holds content, one directory a namespace. */
  readonly dataRoot: string;
  /** Holds the journal, bundles and runc's state. Outside of all content. */
  readonly stateDir: string;
  /** Attempts that run at once. */
  readonly maxConcurrent: number;
  /** host:port of /healthz, /readyz and /metrics; port 0 takes a free one. */
  readonly metricsAddress: string;
  readonly logLevel: string;
  /** Milliseconds that running attempts are given when the daemon is to end. */
  readonly drainTimeoutMs: number;
  /** Path of a kubeconfig; else KUBECONFIG, ~/.kube/config or the pod's service account. */
  readonly kubeconfig?: string;
  /** The object stores of snapshots, prebuilds and backups. */
  readonly storage?: StorageConfig;
  /** Limits and network of each sandbox; else those of `defaultSettings`. */
  readonly sandbox?: SandboxSettings;
}

export const defaultConfig = {
  dataRoot: '/var/lib/workspace-content/data',
  stateDir: '/var/lib/workspace-content/state',
  maxConcurrent: 4,
  metricsAddress: '127.0.0.1:9500',
  logLevel: 'info',
  drainTimeoutMs: 0,
} as const satisfies Omit<ControllerConfig, 'nodeName'>;
