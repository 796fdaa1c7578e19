/** The OCI runtime specification of a run: a pure function, all of whose input is a value. */
import { destinationInSandbox } from '../api/protocol.ts';
import {
  capabilitySets,
  type LinuxIdMapping,
  type LinuxNamespace,
  type Mount,
  type Resources,
  type RuntimeSpec,
} from './runtime-spec.ts';
import { seccompProfile } from './seccomp.ts';

export interface SpecInput {
  /** Name of the container's cgroup. */
  readonly cgroup: string;
  readonly args: readonly string[];
  /** All of the program's environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly gid: number;
  /** Of the node's files, see host-files.ts. */
  readonly hostMounts: readonly Mount[];
  /** Directory on the node that becomes /dst. */
  readonly destination: string;
  /** Whether the file system of the destination is mounted noexec on the node. */
  readonly destinationNoexec: boolean;
  /** Whether the kernel knows cgroup namespaces. */
  readonly cgroupNamespace: boolean;
  readonly network: SpecNetwork;
  readonly resources: Resources;
}

/** The node's network, one with nothing but a loopback device, or a namespace that is there. */
export type SpecNetwork = 'host' | 'none' | { readonly path: string };

/**
 * What the sandbox's root is on the node: an id that nothing owns. Mapping node root itself would give
 * the sandbox's root, and whoever escapes to it, the rights of node root on its files.
 */
export const sandboxRootId = 4_294_967_293;

/** All other ids are themselves: the content's owners on the node are those in the sandbox. */
const idMap: readonly LinuxIdMapping[] = [
  { containerID: 0, hostID: sandboxRootId, size: 1 },
  { containerID: 1, hostID: 1, size: sandboxRootId - 1 },
];

/**
 * The content's files get any owner (CHOWN), mode and times (FOWNER), overlay whiteouts (MKNOD) and
 * file capabilities (SETFCAP); the user namespace keeps all of it away from the node.
 */
const capabilities = ['CAP_CHOWN', 'CAP_FOWNER', 'CAP_MKNOD', 'CAP_SETFCAP'];

const rlimits = [
  { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
  { type: 'RLIMIT_NOFILE', soft: 4096, hard: 4096 },
];

/** When the node runs out of memory, a sandbox goes before the daemon. */
const oomScoreAdj = 500;

const freshMounts: readonly Mount[] = [
  {
    destination: '/proc',
    type: 'proc',
    source: 'proc',
    options: ['nosuid', 'noexec', 'nodev'],
  },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    // Not nodev: runc binds null, zero, full, random and urandom of the node here.
    options: ['nosuid', 'noexec', 'strictatime', 'mode=755', 'size=64k'],
  },
  {
    destination: '/tmp',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', 'mode=1777', 'size=64m'],
  },
];

/** Those of runc's own example specification. */
const maskedPaths = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/**
 * The cgroupsPath is a mere name: runc then puts the cgroup beside or below the daemon's own. So it ends with
 * the pod, and no parent is left behind.
 */
export function buildSpec(input: SpecInput): RuntimeSpec {
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: input.uid, gid: input.gid, umask: 0o022 },
      args: input.args,
      env: Object.entries(input.env).map(([name, value]) => `${name}=${value}`),
      cwd: '/',
      capabilities: everyCapabilitySet(capabilities),
      rlimits,
      noNewPrivileges: true,
      oomScoreAdj,
    },
    root: { path: 'rootfs', readonly: true },
    hostname: 'content-init',
    mounts: [...freshMounts, ...input.hostMounts, destinationMount(input)],
    linux: {
      cgroupsPath: input.cgroup,
      uidMappings: idMap,
      gidMappings: idMap,
      namespaces: namespaces(input),
      maskedPaths,
      readonlyPaths,
      seccomp: seccompProfile,
      resources: input.resources,
    },
  };
}

/** A bind of something of the node. Recursive, since the kernel refuses to uncover what a mount hides. */
export function bindMount(
  source: string,
  destination: string,
  ...options: ('ro' | 'rw' | 'noexec')[]
): Mount {
  return {
    destination,
    type: 'bind',
    source,
    options: ['rbind', 'nosuid', 'nodev', ...options],
  };
}

/** In a user namespace the kernel refuses a mount that drops the noexec of what it binds. */
function destinationMount({ destination, destinationNoexec }: SpecInput): Mount {
  return bindMount(
    destination,
    destinationInSandbox,
    'rw',
    ...(destinationNoexec ? (['noexec'] as const) : []),
  );
}

function namespaces(input: SpecInput): LinuxNamespace[] {
  return [
    ...['pid', 'ipc', 'uts', 'mount', 'user'].map((type) => ({ type })),
    ...(input.cgroupNamespace ? [{ type: 'cgroup' }] : []),
    ...networkNamespace(input.network),
  ];
}

function networkNamespace(network: SpecNetwork): LinuxNamespace[] {
  if (network === 'host') return [];
  return [{ type: 'network', ...(network === 'none' ? {} : network) }];
}

function everyCapabilitySet(names: readonly string[]): RuntimeSpec['process']['capabilities'] {
  return Object.fromEntries(
    capabilitySets.map((set) => [set, names]),
  ) as RuntimeSpec['process']['capabilities'];
}
