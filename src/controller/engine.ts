import type { ContentPlan } from '../api/plan.ts';
import type { ContentProgress, ContentReport } from '../api/protocol.ts';
import type { ContentResource } from '../api/resource.ts';

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

export interface Prepared {
  /** Removes what had to be made, as far as nothing is in it. */
  undo(): Promise<void>;
}

/** The node's side of an attempt, as the controller needs it. Failures are ContentErrors. */
export interface Engine {
  /** The directory that a resource asks for. Throws PathNotAllowed. */
  destinationOf(resource: ContentResource): string;
  /** Makes sure of the directory. Throws PathNotAllowed and what is wrong with the node. */
  prepare(resource: ContentResource, destination: string): Promise<Prepared>;
  isEmpty(destination: string): Promise<boolean>;
  /** Returns or throws when nothing of the attempt is left running. */
  run(request: AttemptRequest, options: AttemptOptions): Promise<AttemptResult>;
  /**
   * What an attempt came to that began at that time (ms since the epoch) and that nobody watched to
   * its end; undefined when it did not come to its end.
   */
  finished(destination: string, startTime: number): Promise<AttemptResult | undefined>;
  /** Removes all that is in the directory, but not the directory itself. */
  clear(destination: string, signal: AbortSignal): Promise<void>;
  /** Ends and removes what attempts of an earlier life left, of one uid or of all; answers what. */
  reap(uid?: string): Promise<readonly string[]>;
  /** Throws an error that says what the node lacks. */
  check(): Promise<void>;
}
