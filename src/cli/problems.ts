/** The command line itself is wrong. The message may have several lines; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What the user handed in cannot be used. The message may have several lines; exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** This machine, or this user on it, cannot do what is asked for; exit code 1. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

export const exitCodes = { success: 0, failure: 1, invalid: 2 } as const;
