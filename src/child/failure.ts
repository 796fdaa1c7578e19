import { ContentError } from '../api/errors.ts';
import type { ContentFailure } from '../api/protocol.ts';
import { fromFileSystem } from './fs-errors.ts';
import { bounded, printable } from '../api/text.ts';

const longestMessage = 6 * 1024;

/** Any error as the host is told of it: with a reason, bounded, without secrets. */
export function toFailure(
  error: unknown,
  redact: (text: string) => string,
  signal: AbortSignal,
): ContentFailure {
  if (signal.aborted) return { reason: 'Interrupted', message: 'the run was stopped' };
  const known = error instanceof ContentError ? error : (fromFileSystem(error) ?? internal(error));
  // Redacted before it is cut: half a secret would not be recognized.
  const message = bounded(printable(redact(known.message)), longestMessage);
  return {
    reason: known.reason,
    message,
    ...(known.step === undefined ? {} : { step: known.step }),
  };
}

/** The same error with the step that it happened in, unless it names one already. */
export function withStep(error: unknown, step: string): unknown {
  const known = error instanceof ContentError ? error : fromFileSystem(error);
  if (known === undefined) {
    const { message } = internal(error);
    return new ContentError('InternalError', message, { step, cause: error });
  }
  if (known.step !== undefined) return known;
  return new ContentError(known.reason, known.message, { step, cause: error });
}

function internal(error: unknown): ContentError {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : 'an unknown error';
  return new ContentError('InternalError', `unexpected in the sandbox: ${what}`, { cause: error });
}
