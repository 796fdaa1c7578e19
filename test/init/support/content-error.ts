import { ContentError, type ErrorReason } from '../../../src/api/errors.ts';

/** For assert.throws and assert.rejects. */
export function isContentError(reason: ErrorReason, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    if (error instanceof ContentError && error.reason === reason && message.test(error.message)) {
      return true;
    }
    throw new Error(`expected ${reason} with ${message}`, { cause: error });
  };
}
