/** The part of the OCI runtime specification (config.json of a bundle) that a run uses. */

export interface RuntimeSpec {
  readonly ociVersion: string;
  readonly process: {
    readonly terminal: boolean;
    readonly user: { readonly uid: number; readonly gid: number; readonly umask: number };
    readonly args: readonly string[];
    readonly env: readonly string[];
    readonly cwd: string;
    readonly capabilities: Readonly<Record<CapabilitySet, readonly string[]>>;
    readonly rlimits: readonly {
      readonly type: string;
      readonly soft: number;
      readonly hard: number;
    }[];
    readonly noNewPrivileges: boolean;
    readonly oomScoreAdj: number;
  };
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly hostname: string;
  readonly mounts: readonly Mount[];
  readonly linux: {
    readonly cgroupsPath: string;
    readonly uidMappings: readonly LinuxIdMapping[];
    readonly gidMappings: readonly LinuxIdMapping[];
    readonly namespaces: readonly LinuxNamespace[];
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
    readonly seccomp: Seccomp;
    readonly resources: Resources;
  };
}

export const capabilitySets = [
  'bounding',
  'effective',
  'inheritable',
  'permitted',
  'ambient',
] as const;
type CapabilitySet = (typeof capabilitySets)[number];

export interface Mount {
  /** Inside the sandbox. */
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface LinuxIdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

export interface LinuxNamespace {
  readonly type: string;
  /** Of a namespace to join; without it a new one is made. */
  readonly path?: string;
}

export interface Seccomp {
  readonly defaultAction: SeccompAction;
  readonly syscalls: readonly SeccompRule[];
}

type SeccompAction = 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';

/** All of the arguments have to match; of several rules for one name, one. */
export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: SeccompAction;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[];
}

export interface SeccompArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_MASKED_EQ';
}

/** Limits of the container's cgroups. */
export interface Resources {
  readonly memory?: { readonly limit: number };
  readonly pids?: { readonly limit: number };
  /** Microseconds. */
  readonly cpu?: { readonly quota: number; readonly period: number };
}
