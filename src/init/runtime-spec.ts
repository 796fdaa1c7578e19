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
  };
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly hostname: string;
  readonly mounts: readonly Mount[];
  readonly linux: {
    readonly uidMappings: readonly LinuxIdMapping[];
    readonly gidMappings: readonly LinuxIdMapping[];
    readonly namespaces: readonly LinuxNamespace[];
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
    readonly seccomp?: unknown;
    readonly resources?: unknown;
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
