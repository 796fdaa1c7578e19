import type { ContentPlan } from '../api/plan.ts';
import type { ContentProgress, ContentReport } from '../api/protocol.ts';
import type { ContentResource } from '../api/resource.ts';
import type { Period } from './untouched.ts';

/** One attempt, ready to be started. */
export interface AttemptRequest {
  readonly uid: string;
  /** From 1 on. */
  readonly attempt: number;
  /** Absolute path on the node. */
  readonly destination: string;
  readonly plan: ContentPlan;
  /** Remove what lies in the destination first. */
  readonly cleanSlate: boolean;
}

export interface AttemptResult {
  readonly report: ContentReport;
  /** Nanoseconds. */
  readonly duration: number;
}

export interface AttemptOptions {
  /** Ends the attempt; its reason, when it is a ContentError, is what the attempt failed with. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ContentProgress) => void;
}

/** A directory that no other process of the node works in until it is disposed of. */
export interface Prepared extends AsyncDisposable {
  /** Removes what had to be made, as far as nothing is in it. */
  undo(): Promise<void>;
}

/** What says where a resource wants its content. */
export interface Located {
  readonly namespace: string;
  readonly name: string;
  readonly spec: { readonly hostPath?: string };
}

/** Undefined for a directory that the resource may not use, which its conditions say. */
export function allowedDestination(
  engine: Pick<Engine, 'destinationOf'>,
  resource: Located,
): string | undefined {
  try {
    return engine.destinationOf(resource);
  } catch {
    return undefined;
  }
}

/** The node's side of an attempt, as the controller needs it. Failures are ContentErrors. */
export interface Engine {
  /** The directory that a resource asks for. Throws PathNotAllowed. */
  destinationOf(resource: Located): string;
  /**
   * Makes sure of the directory: that no other process of the node is at work in it and, where it is
   * to be emptied, that nothing is mounted in it. Throws PathNotAllowed, PathInUse and what is wrong
   * with the node.
   */
  prepare(resource: ContentResource, destination: string, cleanSlate: boolean): Promise<Prepared>;
  /**
   * Keeps other processes of the node from working in a directory, as `prepare` does, until it is
   * disposed of; undefined when one of them does.
   */
  lock(destination: string): Promise<AsyncDisposable | undefined>;
  isEmpty(destination: string): Promise<boolean>;
  /** Whether a directory is there, and no link to one. */
  isThere(destination: string): Promise<boolean>;
  /** Whether nothing in the directory was changed before or after that period. Throws when aborted. */
  isUntouched(destination: string, period: Period, signal: AbortSignal): Promise<boolean>;
  /**
   * Removes the directory of a namespace with all that is in it, whoever has locked it; one that is
   * not there is no error. Throws DeletionFailed.
   */
  remove(namespace: string, destination: string, signal: AbortSignal): Promise<void>;
  /** Returns or throws when nothing of the attempt is left running. */
  run(request: AttemptRequest, options: AttemptOptions): Promise<AttemptResult>;
  /**
   * What an attempt came to that began at that time (ms since the epoch) and that nobody watched to
   * its end; undefined when it did not come to its end. Throws when the directory does not say.
   */
  finished(destination: string, startTime: number): Promise<AttemptResult | undefined>;
  /** Removes all that is in the directory, but not the directory itself. */
  clear(destination: string, signal: AbortSignal): Promise<void>;
  /**
   * Ends and removes what attempts of an earlier life left, of one uid or of all; answers what. Throws
   * when some of it stays, after all the rest is gone.
   */
  reap(uid?: string): Promise<readonly string[]>;
  /** Throws an error that says what the node lacks, or the signal's reason soon after it is aborted. */
  check(signal?: AbortSignal): Promise<void>;
}
