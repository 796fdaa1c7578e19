import { setTimeout } from 'node:timers/promises';
import { connectStorage, type ConnectSettings, type StorageHttp } from './http.ts';

/** What object storage takes from outside of the program. */
export interface StorageEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Throws the signal's reason. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly connect: (settings: ConnectSettings) => Promise<StorageHttp>;
  readonly limits: StorageLimits;
}

export interface StorageLimits {
  /** Milliseconds. */
  readonly connectTimeoutMs: number;
  /** Milliseconds for one try of a question: connection, HEAD and, where that says no, GET. */
  readonly requestTimeoutMs: number;
  /** Tries of one question, while the store cannot be reached. */
  readonly attempts: number;
  /** Questions at the same time. */
  readonly parallel: number;
  /** Milliseconds that a signed URL outlives the attempt's timeout. */
  readonly expiryMarginMs: number;
}

export const defaultStorageLimits: StorageLimits = {
  connectTimeoutMs: 5000,
  requestTimeoutMs: 10_000,
  attempts: 3,
  parallel: 8,
  expiryMarginMs: 5 * 60_000,
};

export const realStorageEnvironment: StorageEnvironment = {
  variables: process.env,
  now: Date.now,
  delay: async (ms, signal) => {
    // Its own error hides the signal's reason.
    await setTimeout(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
  },
  connect: connectStorage,
  limits: defaultStorageLimits,
};
