import type { Dispatcher } from 'undici';
import { ChunkQueue } from '../chunk-queue.ts';
import type { Chunks } from '../chunks.ts';
import { asError } from '../failures.ts';

/** One GET without following redirects. Throws what the network throws. */
export type Transport = (request: TransportRequest) => Promise<TransportResponse>;

export interface TransportRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Ends the request and its body at any time. */
  readonly signal: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Chunks that are the reader's own, see chunks.ts. A body that is too short throws. */
  readonly body: Chunks;
  /** Gives up what is left of the body, and with it the connection; nothing when it has ended. */
  readonly discard: () => void;
}

/** Bytes that may wait for the reader before the connection is paused. */
const waitingBytes = 256 * 1024;

/**
 * GETs by an undici dispatcher (an agent, with or without a proxy). It hands each chunk on as the socket
 * read it: undici's own body streams need half as much processor time again.
 */
export function undiciTransport(dispatcher: Dispatcher): Transport {
  return async ({ url, headers, signal }) =>
    await new Promise<TransportResponse>((resolve, reject) => {
      let controller: Dispatcher.DispatchController | undefined;
      let ended = false;
      const stop = (): void => {
        if (!ended) controller?.abort(new Error('the rest is not needed'));
      };
      const body = new ChunkQueue(waitingBytes, {
        pause: () => controller?.pause(),
        resume: () => controller?.resume(),
        stop,
      });
      const fail = (error: Error): void => {
        ended = true;
        signal.removeEventListener('abort', abort);
        reject(error);
        body.end(error);
      };
      const abort = (): void => {
        const reason = asError(signal.reason);
        if (!ended) controller?.abort(reason);
        fail(reason);
      };
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      dispatcher.dispatch(
        {
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: 'GET',
          headers: { ...headers },
          // Silence is noticed where the body is read, which knows when it did not want any.
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        {
          onRequestStart: (started) => {
            controller = started;
            if (signal.aborted) started.abort(asError(signal.reason));
          },
          onResponseStart: (_controller, status, answered) => {
            if (status >= 200) resolve({ status, headers: answered, body, discard: stop });
          },
          onResponseData: (_controller, chunk) => body.push(chunk),
          onResponseEnd: () => {
            ended = true;
            signal.removeEventListener('abort', abort);
            body.end();
          },
          onResponseError: (_controller, error) => fail(error),
        },
      );
    });
}
