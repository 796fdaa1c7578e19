/**
 * What the host side of a run (src/init) and the program inside the sandbox (src/child) say to each
 * other. The host hands a `ContentRequest` as JSON to the child's standard input, so that credentials
 * are never in a file; the child answers on three pipes. Whatever comes from the child is untrusted.
 */
import type { ErrorReason } from './errors.ts';
import type { RemoteContent } from './remote-content.ts';

/** File descriptors of the child's answers; they are those of runc's --preserve-fds=3. */
export const errorFd = 3;
export const metricsFd = 4;
export const progressFd = 5;

/** Exit code by which the child says that it failed deliberately and that fd 3 tells why. */
export const deliberateFailureExitCode = 42;

/** Where the destination is mounted inside the sandbox. */
export const destinationInSandbox = '/dst';

/** Where the ready file lies below the destination. */
export const readyFile = '.gitpod/ready';

/** First match wins; an id that no row holds stays as it is, but for root's, which is the content owner's. */
export interface IdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

/** Log fields of a run. */
export interface ContentOwner {
  readonly owner: string;
  readonly workspaceID: string;
  readonly instanceID: string;
}

/** What the child is to do. The whole of it is a secret. */
export interface ContentRequest {
  /** Absolute path of the destination as the child sees it, `/dst` in the sandbox. */
  readonly destination: string;
  /** Base64 of a contentservice.WorkspaceInitializer with its secrets filled in. */
  readonly initializer: string;
  /** Signed downloads by name: the snapshots' names, and defaultBackup for the backup. */
  readonly remoteContent: RemoteContent;
  readonly idMappings: readonly IdMapping[];
  readonly uid: number;
  readonly gid: number;
  readonly owner: ContentOwner;
  /** Remove what an earlier attempt of this very resource left in the destination. */
  readonly cleanSlate: boolean;
  readonly limits: ContentLimits;
}

/** Bounds on what comes from outside. */
export interface ContentLimits {
  /** Bytes of one downloaded file. */
  readonly downloadBytes: number;
  /** Nesting of composites. */
  readonly compositeDepth: number;
  /** Steps of a run, all composites' together. */
  readonly steps: number;
}

export const defaultLimits: ContentLimits = {
  downloadBytes: 64 * 1024 ** 3,
  compositeDepth: 8,
  steps: 256,
};

export const sources = ['from-other', 'from-backup', 'from-prebuild'] as const;
export type Source = (typeof sources)[number];

export const metricTypes = [
  'git',
  'fileDownload',
  'snapshot',
  'fromBackup',
  'prebuild',
  'composite',
] as const;
export type MetricType = (typeof metricTypes)[number];

/** One step that ran. */
export interface StepMetric {
  /** Which step, such as `git` or `composite[1].download`. */
  readonly path: string;
  readonly type: MetricType;
  /** Integer nanoseconds. */
  readonly duration: number;
  /** Bytes that the step added to the destination, measured for that step alone. */
  readonly size: number;
}

/** fd 4, one JSON object at the end of a run that succeeded. */
export interface ContentReport {
  readonly source: Source;
  readonly metrics: readonly StepMetric[];
  /** What went wrong without failing the run. */
  readonly warnings: readonly string[];
}

/** fd 3, one JSON object before exit code 42. */
export interface ContentFailure {
  readonly reason: ErrorReason;
  readonly message: string;
  readonly step?: string;
}

/** fd 5, one JSON object a line while the run goes on. */
export interface ContentProgress {
  readonly step: string;
  /** What the step is doing, such as `Receiving objects`. */
  readonly phase?: string;
  readonly bytes?: number;
  readonly totalBytes?: number;
  /** 0 to 100, where bytes are not known. */
  readonly percent?: number;
}
