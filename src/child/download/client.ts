import { createDispatcher } from '../dispatcher.ts';
import type { Patience } from '../patience.ts';
import type { Variables } from '../surroundings.ts';

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives up the rest of the body, and with it the connection. */
  readonly discard: () => void;
}

export interface HttpClient {
  /** One request, without following redirects. Throws what the network throws. */
  readonly get: (url: URL, signal: AbortSignal) => Promise<HttpResponse>;
  /** Ends all connections. */
  readonly close: () => Promise<void>;
}

/** A client that heeds the environment's proxies (http_proxy, ...) and certificates (SSL_CERT_FILE). */
export async function createHttpClient(env: Variables, patience: Patience): Promise<HttpClient> {
  // A CommonJS package: loaded lazily from the bundle, all of it is in its default export.
  const { request } = (await import('undici')).default;
  const dispatcher = await createDispatcher(env, patience);
  // Files are checked as they are served: a compressed form would have another digest.
  const headers = { 'accept-encoding': 'identity', 'user-agent': 'workspace-content' };
  return {
    get: async (url, signal) => {
      const {
        statusCode,
        headers: answered,
        body,
      } = await request(url, {
        dispatcher,
        signal,
        headers,
      });
      const discard = (): void => void body.on('error', () => undefined).destroy();
      return { status: statusCode, headers: answered, body, discard };
    },
    close: async () => await dispatcher.destroy(),
  };
}
