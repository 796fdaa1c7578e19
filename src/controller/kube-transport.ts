import http from 'node:http';
import https from 'node:https';
import { unlessAborted } from '../api/unless-aborted.ts';
import { ApiUnavailable } from './api-error.ts';
import type { KubeConfig } from './kube-config.ts';

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly contentType?: string;
  /** The caller's: ends the request and the reading of its answer, which nobody wants any more. */
  readonly signal: AbortSignal;
  /** Ends both as well, but as a failure: the answer takes too long, or has fallen silent. */
  readonly deadline: AbortSignal;
  /** Milliseconds until the head of the answer must be there. */
  readonly headTimeoutMs: number;
}

/** Sends one request; resolves with the head of the answer, whatever its status. */
export type KubeTransport = (request: KubeRequest) => Promise<http.IncomingMessage>;

/**
 * A transport that takes server, certificates and tokens from the configuration anew for each request, so
 * that rotated files count at once; after a request that failed, was not authorized or whose answer broke
 * off, the configuration itself is read again, and no connection of before is used any more. Connections
 * are kept alive, and the kernel probes them when they are silent. Throws ApiUnavailable when there are no
 * credentials or no answer; `load` may throw at first only: a file that cannot be read in between leaves
 * what was known.
 */
export function createTransport(load: () => KubeConfig): KubeTransport {
  let connection = connect(load());
  let doubtful = false;
  const current = (): Connection => {
    if (!doubtful) return connection;
    try {
      const next = connect(load());
      retire(connection.agent);
      connection = next;
      doubtful = false;
    } catch {
      // A file that is just being replaced; the next request looks again.
    }
    return connection;
  };

  return async (request) => {
    const used = current();
    const doubt = (): void => {
      // What fails on a connection that was replaced already says nothing about the one that followed.
      if (used === connection && !request.signal.aborted) doubtful = true;
    };
    try {
      const response = await exchange(used, request);
      if (response.statusCode === 401) doubt();
      return response.on('error', doubt);
    } catch (error) {
      doubt();
      throw error;
    }
  };
}

interface Connection {
  readonly config: KubeConfig;
  readonly server: string;
  readonly agent: http.Agent;
  readonly proxied: boolean;
}

function connect(config: KubeConfig): Connection {
  const { server = '', proxyUrl } = config.getCurrentCluster() ?? {};
  const options = { keepAlive: true, keepAliveMsecs: 30_000, timeout: 0 };
  // An agent without TLS options of its own keeps a pool for each set of them, rotated ones too.
  const agent = server.startsWith('http:') ? new http.Agent(options) : new https.Agent(options);
  return { config, server, agent, proxied: proxyUrl !== undefined };
}

/** What is under way goes on; idle connections end now, and the others when they are done. */
function retire(agent: http.Agent): void {
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}

async function exchange(connection: Connection, asked: KubeRequest): Promise<http.IncomingMessage> {
  const { signal, deadline, headTimeoutMs, method, path } = asked;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), headTimeoutMs);
  const ended = AbortSignal.any([signal, deadline, late.signal]);
  let awaited = 'credentials';
  try {
    const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
    // Whoever is asked for credentials, a program or a server, may never answer.
    const settings = await unlessAborted(toSettings(connection, asked, body), ended);
    awaited = 'answer';
    const url = toUrl(connection, asked);
    return await new Promise<http.IncomingMessage>((resolve, reject) => {
      const { request } = url.protocol === 'http:' ? http : https;
      request(url, { ...settings, signal: ended }, resolve)
        .on('error', reject)
        .end(body);
    });
  } catch (cause) {
    signal.throwIfAborted();
    const inTime = late.signal.aborted ? `within ${headTimeoutMs} ms` : 'in time';
    const why = ended.aborted ? `no ${awaited} ${inTime}` : describe(cause);
    throw new ApiUnavailable(`${method} ${path}: ${why}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

function toUrl({ server }: Connection, { path, query = {} }: KubeRequest): URL {
  const url = new URL(`${server.replace(/\/$/, '')}${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** With credentials; throws when there are none. */
async function toSettings(
  { config, agent, proxied }: Connection,
  { method, contentType = 'application/json' }: KubeRequest,
  body: string | undefined,
): Promise<https.RequestOptions> {
  const settings: https.RequestOptions = { method, headers: {} };
  await config.applyToHTTPSOptions(settings);
  if (!proxied) settings.agent = agent;
  settings.headers = {
    ...(settings.headers as http.OutgoingHttpHeaders),
    accept: 'application/json',
    'user-agent': 'workspace-content',
    ...(body === undefined
      ? {}
      : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }),
  };
  return settings;
}

/** Errors of several addresses tried in vain have an empty message of their own. */
function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return error instanceof Error ? error.message : String(error);
}
