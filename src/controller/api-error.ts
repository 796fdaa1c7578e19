import { isRecord } from '../api/record.ts';
import { parseRetryAfter } from '../api/retry-after.ts';

/** No server is waited for any longer, whatever it asks for. */
const longestRetryAfterMs = 5 * 60_000;

/** An answer of the API server other than 2xx, as an HTTP status or as the ERROR event of a watch. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** The API server's own word, such as NotFound, Expired or TooManyRequests; may be empty. */
  readonly reason: string;
  /** Milliseconds that the server asks to wait before the next try. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, reason: string, message: string, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The API server could not be reached, or did not answer as an API server does. */
export class ApiUnavailable extends Error {
  override readonly name = 'ApiUnavailable';
}

const bound = 2048;

/** Reads a `Status` object, whatever it holds, and the headers that came with it. */
export function toApiError(
  what: string,
  code: number,
  body: unknown,
  headers: { readonly 'retry-after'?: string | undefined; readonly date?: string | undefined } = {},
): ApiError {
  const status = isRecord(body) ? body : {};
  const { reason, message, details } = status;
  const asked = isRecord(details) ? details['retryAfterSeconds'] : undefined;
  const asksMs =
    parseRetryAfter(headers['retry-after'], headers.date) ??
    (typeof asked === 'number' ? asked * 1000 : 0);
  return new ApiError(
    code,
    typeof reason === 'string' ? reason : '',
    `${what}: ${code} ${typeof message === 'string' ? message : ''}`.trim().slice(0, bound),
    asksMs > 0 ? Math.min(asksMs, longestRetryAfterMs) : undefined,
  );
}

export function isApiStatus(error: unknown, ...statuses: readonly number[]): error is ApiError {
  return error instanceof ApiError && statuses.includes(error.status);
}

/** Milliseconds that the server asks to wait before the next try; 0 when it does not ask. */
export function askedPauseOf(error: unknown): number {
  return error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
}
