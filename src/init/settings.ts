/** How sandboxes are set up on a node: what the operator chooses. */

export interface SandboxSettings {
  readonly limits: SandboxLimits;
  readonly network: NetworkSettings;
}

/** Of one sandbox; 0 is no limit. */
export interface SandboxLimits {
  /** Bytes, the page cache and /tmp included. */
  readonly memory: number;
  /** Processes and threads. */
  readonly pids: number;
  /** CPUs' worth of time, such as 1.5. */
  readonly cpus: number;
}

export type NetworkSettings = { readonly mode: 'host' } | IsolatedNetwork;

/** A network namespace for each run, whose traffic the daemon's network forwards and filters. */
export interface IsolatedNetwork {
  readonly mode: 'isolated';
  /** Where the sandboxes' addresses come from; nothing else on the network may use it. */
  readonly pool: string;
  /** Addresses and CIDR ranges that sandboxes may not reach, beside those that none ever may. */
  readonly deny: readonly string[];
  /** Those that they may reach in spite of it. */
  readonly allow: readonly string[];
}

/** docs/sandbox.md says why it is these. */
export const defaultSettings = {
  limits: { memory: 2 * 1024 ** 3, pids: 512, cpus: 0 },
  network: { mode: 'host' },
} as const satisfies SandboxSettings;

/** Set aside for benchmarks of networks (RFC 2544), so that hardly any cluster uses it. */
export const defaultPool = '198.18.0.0/16';
