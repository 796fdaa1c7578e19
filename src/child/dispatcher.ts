import { readFile } from 'node:fs/promises';
import type { Dispatcher } from 'undici';
import type { Patience } from './patience.ts';
import { certificatesFile, proxies, type Variables } from './surroundings.ts';

/** What one server needs instead of the environment's settings. */
export interface ServerSettings {
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string;
  /** URL of a proxy. */
  readonly proxy?: string;
}

/**
 * Connections by the environment's proxies (http_proxy, ...) and certificates (SSL_CERT_FILE), or by the
 * server's own. Whoever makes it destroys it.
 */
export async function createDispatcher(
  env: Variables,
  { connectMs, headersMs, idleMs }: Patience,
  { ca, proxy }: ServerSettings = {},
): Promise<Dispatcher> {
  // A CommonJS package: loaded lazily from the bundle, all of it is in its default export.
  const { EnvHttpProxyAgent } = (await import('undici')).default;
  const { http, https, except } =
    proxy === undefined ? proxies(env) : { http: proxy, https: proxy, except: '' };
  const tls = {
    timeout: connectMs,
    ...(ca === undefined ? await extraAuthorities(env) : { ca }),
  };
  return new EnvHttpProxyAgent({
    httpProxy: http,
    httpsProxy: https,
    noProxy: except,
    connectTimeout: connectMs,
    connect: tls,
    requestTls: tls,
    proxyTls: tls,
    headersTimeout: headersMs,
    bodyTimeout: idleMs,
    // Several downloads at once mean several connections: servers limit each of them.
    allowH2: false,
  });
}

async function extraAuthorities(env: Variables): Promise<{ ca?: string[] }> {
  const path = certificatesFile(env);
  if (path === undefined) return {};
  const { getCACertificates } = await import('node:tls');
  return { ca: [...getCACertificates('default'), await readFile(path, 'utf8')] };
}
