import type * as Undici from 'undici';
import { unlessAborted } from '../api/unless-aborted.ts';

export interface StorageRequest {
  readonly method: 'GET' | 'HEAD';
  /** A secret. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface StorageAnswer {
  readonly status: number;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The beginning of the body, at most 4 KiB. */
  readonly body: string;
}

/** Requests to one store. Redirects are not followed: a signature is good for one host only. */
export interface StorageHttp {
  send(request: StorageRequest): Promise<StorageAnswer>;
  close(): Promise<void>;
}

export interface ConnectSettings {
  readonly endpoint: string;
  /** PEM certificates to trust instead of Node's. */
  readonly ca?: readonly string[];
  /** Instead of the environment's. */
  readonly proxy?: string;
  /** The environment, for http_proxy, https_proxy and no_proxy. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly connectTimeoutMs: number;
}

const bodyBytes = 4096;

/** Makes the connections of a few requests; nothing of it stays once it is closed. */
export async function connectStorage(settings: ConnectSettings): Promise<StorageHttp> {
  // Lazily, for daemons without storage. Bundled, a CommonJS package is its default export.
  const undici = (await import('undici')).default;
  const dispatcher = createDispatcher(undici, settings);
  return {
    async send({ method, url, headers = {}, signal }) {
      signal.throwIfAborted();
      const exchange = async (): Promise<StorageAnswer> => {
        const answer = await undici.request(url, { method, headers, signal, dispatcher });
        const body = await readBeginning(answer.body);
        return { status: answer.statusCode, headers: answer.headers, body };
      };
      // The client itself looks at the signal only once a connection is there.
      return await unlessAborted(exchange(), signal);
    },
    // Not close(): a connection that hangs would hang it.
    close: async () => await dispatcher.destroy(),
  };
}

function createDispatcher(
  { Agent, EnvHttpProxyAgent, Pool, ProxyAgent }: typeof Undici.default,
  { endpoint, ca, variables, connectTimeoutMs, ...settings }: ConnectSettings,
): Undici.Dispatcher {
  const trust = {
    allowH2: false,
    timeout: connectTimeoutMs,
    ...(ca === undefined ? {} : { ca: [...ca] }),
  };
  const options = {
    connect: trust,
    requestTls: trust,
    connectTimeout: connectTimeoutMs,
    // A proxy that takes the connection and says nothing; by default it has five minutes.
    clientFactory: (proxy: URL, pool: object) =>
      new Pool(proxy, { ...pool, headersTimeout: connectTimeoutMs }),
  };
  if (settings.proxy !== undefined) return new ProxyAgent({ ...options, uri: settings.proxy });

  // As curl reads them, so that lookups and downloads go the same way. An empty text stands for no proxy.
  const proxy = endpoint.startsWith('https:')
    ? (variables['https_proxy'] ?? variables['HTTPS_PROXY'] ?? '')
    : (variables['http_proxy'] ?? '');
  if (proxy === '') return new Agent({ connect: trust });
  const noProxy = variables['no_proxy'] ?? variables['NO_PROXY'] ?? '';
  return new EnvHttpProxyAgent({ ...options, httpProxy: proxy, httpsProxy: proxy, noProxy });
}

async function readBeginning(body: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= bodyBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, bodyBytes).toString('utf8');
}
