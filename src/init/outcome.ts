/** How a run came out, from how runc ended, what was said meanwhile and what it left: a pure function. */
import { ContentError, type ErrorReason } from '../api/errors.ts';
import { deliberateFailureExitCode, type ContentReport } from '../api/protocol.ts';
import { parseFailure, parseReport } from './answers.ts';
import type { Captured, Cleaner } from './clean.ts';
import type { Ending } from './runc.ts';

export interface Said {
  /** fd 3 and fd 4 of the child. */
  readonly error: Captured;
  readonly report: Captured;
  /** Last lines of standard error, runc's and the child's, cleaned. */
  readonly lastLines: readonly string[];
  /** Errors in runc's log, cleaned. */
  readonly runcErrors: readonly string[];
}

/** What is there when runc has ended. */
export interface Traces {
  /** Name of the container. */
  readonly id: string;
  /** Whether runc made its state of the container. */
  readonly hasState: boolean;
  /** That the state directory has too little room, if so. */
  readonly littleRoom?: string | undefined;
}

/** Whether the child made the content: an exit code alone could be that of a runc that never started it. */
export function hasMade(ending: Ending, said: Pick<Said, 'report'>): boolean {
  return 'exitCode' in ending && ending.exitCode === 0 && said.report.text !== '';
}

/** Whether the child came to its end by itself and said how. */
export function hasSpoken(ending: Ending, said: Pick<Said, 'error' | 'report'>): boolean {
  return hasMade(ending, said) || (hasExitedDeliberately(ending) && said.error.text !== '');
}

/** Throws the ContentError of a run that failed. */
export function judge(ending: Ending, said: Said, traces: Traces, cleaner: Cleaner): ContentReport {
  if ('startError' in ending) {
    const message = `runc could not be started: ${ending.startError}`;
    throw new ContentError(startReasons[ending.errno ?? ''] ?? 'RuncUnavailable', message);
  }
  if (hasMade(ending, said)) return parseReport(said.report, cleaner);
  if (hasSpoken(ending, said)) throw parseFailure(said.error, cleaner);
  throw explainByState(explainSilence(ending, said, traces, cleaner), said, traces);
}

/** A runc that cannot be started is broken, whatever the system says of it: it may just be upgraded. */
const startReasons: Readonly<Record<string, ErrorReason | undefined>> = {
  EMFILE: 'TooManyOpenFiles',
  ENFILE: 'TooManyOpenFiles',
};

function hasExitedDeliberately(ending: Ending): boolean {
  return 'exitCode' in ending && ending.exitCode === deliberateFailureExitCode;
}

type Ended = Exclude<Ending, { startError: string }>;

function explainSilence(
  ending: Ended,
  { runcErrors, lastLines, error, report }: Said,
  { hasState }: Traces,
  cleaner: Cleaner,
): ContentError {
  // Only runc itself writes its log: with an error in it, the exit code is not the child's.
  if (runcErrors.length > 0) return new ContentError('SandboxFailed', runcErrors.join('; '));
  const words = lastLines.length === 0 ? '' : `; its last words: ${lastLines.join(' / ')}`;
  if (!hasState && error.text === '' && report.text === '') {
    const message = `runc ${howItEnded(ending)} and made no container${words}`;
    return new ContentError('RuncUnavailable', message);
  }
  if (hasExitedDeliberately(ending)) return parseFailure(error, cleaner);
  return new ContentError('SandboxFailed', `${describeEnding(ending)}${words}`);
}

const ofFileSystem =
  /no space left on device|disk quota exceeded|read-only file system|input\/output error/i;

/**
 * The failure as it is, or StateUnwritable when runc could not write in the state directory. It does not
 * always say where and why; and more than disks can be full, the kernel's table of cgroups for instance.
 */
function explainByState(
  failure: ContentError,
  { runcErrors, lastLines }: Said,
  { id, littleRoom }: Traces,
): ContentError {
  // Of all paths, only those of its bundle and of runc's state have the container's name in them.
  const told = [...runcErrors, ...lastLines].some(
    (line) => line.includes(`/${id}`) && ofFileSystem.test(line),
  );
  if (!told && littleRoom === undefined) return failure;
  const why = littleRoom === undefined ? '' : `${littleRoom}: `;
  return new ContentError('StateUnwritable', `${why}${failure.message}`, { cause: failure });
}

function describeEnding(ending: Ended): string {
  if ('signal' in ending) return `runc ${howItEnded(ending)}`;
  if (ending.exitCode === 128 + 9) return 'the program in the sandbox was killed (exit code 137)';
  const lacking = ending.exitCode === 0 ? 'report' : 'reason';
  return `the program in the sandbox ${howItEnded(ending)} and gave no ${lacking}`;
}

function howItEnded(ending: Ended): string {
  return 'signal' in ending
    ? `was ended by ${ending.signal}`
    : `ended with exit code ${ending.exitCode}`;
}
