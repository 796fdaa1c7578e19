/** What a failure of the network or the file system was, in few words that hold nothing secret. */
export function describeFailure(error: unknown): string {
  // Several addresses tried in vain: the error itself says nothing.
  if (error instanceof AggregateError) return error.errors.map(describeFailure).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** `ENOENT` and the like. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
