/** One range of an object, read to its end over as many connections as it takes. */
import { ContentError } from '../../../api/errors.ts';
import type { Clock, Random } from '../../clock.ts';
import { delayAfter, type RetryPolicy, TransientFailure } from '../../retry.ts';
import { ask, type Asking } from './ask.ts';
import type { TransportResponse } from './transport.ts';
import { endOfPart, failed, type ObjectVersion, rangeHeaders, versionOf } from './version.ts';
import { type Silence, Watchdog } from './watchdog.ts';

export interface Tools extends Asking {
  readonly clock: Clock;
  readonly random: Random;
  /** Of tries in a row that bring nothing. */
  readonly retry: RetryPolicy;
  readonly silence: Silence;
  readonly signal: AbortSignal;
}

/** Where reading is. `end` may be moved while it goes on, but not before `position`. */
export interface Cursor {
  position: number;
  /** Undefined while the size is not known. */
  end: number | undefined;
  version: ObjectVersion | undefined;
}

/**
 * The bytes from the cursor's position to its end. Without a version the first answer sets it, and the
 * end. A connection that breaks, falls silent or is refused for now is replaced by one for the rest.
 */
export async function* readRange(cursor: Cursor, tools: Tools): AsyncGenerator<Buffer> {
  let tried = 0;
  while (cursor.end === undefined || cursor.position < cursor.end) {
    const before = cursor.position;
    try {
      yield* readOnce(cursor, tools);
      if (cursor.end === undefined) return;
    } catch (error) {
      tools.signal.throwIfAborted();
      const failure = asTransient(error, cursor, tools.url);
      tried = cursor.position > before ? 1 : tried + 1;
      const { retry, random, clock } = tools;
      const waitMs = delayAfter(retry, tried, random.fraction(), failure.retryAfterMs);
      if (waitMs === undefined) throw failure.failure;
      await clock.sleep(waitMs, tools.signal);
    }
  }
}

/** One answer. Ends where it ends, which may be before the cursor's end. */
async function* readOnce(cursor: Cursor, tools: Tools): AsyncGenerator<Buffer> {
  const watchdog = new Watchdog(tools);
  try {
    const { signal } = watchdog;
    const { position: start, end, version } = cursor;
    const isPart = version !== undefined && end !== undefined && start > 0;
    const headers = isPart ? rangeHeaders(version, { start, end }) : {};
    const response = await watchdog.during(async () => await ask(tools, headers, signal));
    try {
      const until = isPart
        ? endOfPart(response, version, { start, end }, tools.url)
        : beginWhole(cursor, response, tools);
      const chunks = response.body[Symbol.asyncIterator]();
      for (;;) {
        const next = await watchdog.during(async () => await chunks.next());
        if (next.done === true) break;
        const wanted = cut(next.value, cursor);
        cursor.position += wanted.length;
        watchdog.received(wanted.length);
        yield wanted;
        if (cursor.position === cursor.end) return;
      }
      if (until !== undefined && cursor.position < until) {
        throw new Error('the connection ended early');
      }
    } finally {
      response.discard();
    }
  } finally {
    watchdog.stop();
  }
}

/** Takes the version of the answer, whose end is the end. */
function beginWhole(
  cursor: Cursor,
  response: TransportResponse,
  { url }: Tools,
): number | undefined {
  if (response.status !== 200) throw failed(url, `the server answers HTTP ${response.status}`);
  cursor.version = versionOf(response);
  cursor.end = cursor.version.size;
  return cursor.end;
}

function cut(chunk: Buffer, { position, end }: Cursor): Buffer {
  return end === undefined || position + chunk.length <= end
    ? chunk
    : chunk.subarray(0, end - position);
}

/** What another connection may cure; throws the rest. */
function asTransient(error: unknown, { position, version }: Cursor, url: URL): TransientFailure {
  if (error instanceof TransientFailure) return error;
  if (error instanceof ContentError) throw error;
  const why = error instanceof Error ? error.message : String(error);
  if (position > 0 && (version?.etag === undefined || version.size === undefined)) {
    throw failed(
      url,
      `${why}, after ${position} bytes; the server gives it no ETag, so it cannot be resumed safely`,
      error,
    );
  }
  return new TransientFailure(failed(url, why, error));
}
