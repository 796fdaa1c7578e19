/** How a run came out, from how runc ended and what was said meanwhile: a pure function. */
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

/** Whether the child came to its end by itself and said how. */
export function hasSpoken(ending: Ending): boolean {
  return (
    'exitCode' in ending && (ending.exitCode === 0 || ending.exitCode === deliberateFailureExitCode)
  );
}

/** Throws the ContentError of a run that failed. */
export function judge(ending: Ending, said: Said, cleaner: Cleaner): ContentReport {
  if ('startError' in ending) {
    const message = `runc could not be started: ${ending.startError}`;
    throw new ContentError(startReasons[ending.errno ?? ''] ?? 'SandboxFailed', message);
  }
  if ('exitCode' in ending && ending.exitCode === 0) return parseReport(said.report, cleaner);
  if ('exitCode' in ending && ending.exitCode === deliberateFailureExitCode) {
    throw parseFailure(said.error, cleaner);
  }
  // Only runc itself writes its log: with an error in it, the exit code is not the child's.
  if (said.runcErrors.length > 0) {
    throw new ContentError('SandboxFailed', said.runcErrors.join('; '));
  }
  const words =
    said.lastLines.length === 0 ? '' : `; its last words: ${said.lastLines.join(' / ')}`;
  throw new ContentError('SandboxFailed', `${describeEnding(ending)}${words}`);
}

const startReasons: Readonly<Record<string, ErrorReason | undefined>> = {
  ENOENT: 'RuncUnavailable',
  EACCES: 'RuncUnavailable',
  ENOEXEC: 'RuncUnavailable',
  EMFILE: 'TooManyOpenFiles',
  ENFILE: 'TooManyOpenFiles',
};

function describeEnding(ending: { exitCode: number } | { signal: string }): string {
  if ('signal' in ending) return `runc was ended by ${ending.signal}`;
  if (ending.exitCode === 128 + 9) return 'the program in the sandbox was killed (exit code 137)';
  return `the program in the sandbox ended with exit code ${ending.exitCode} and gave no reason`;
}
