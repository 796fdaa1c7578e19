import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { shorten } from './text.ts';

export interface HealthChecks {
  /** Why a restart would help; undefined when it would not. */
  readonly ailment: () => string | undefined;
  /** Why no work is done; undefined when it is. */
  readonly obstacle: () => string | undefined;
}

export interface HealthServer {
  /** Such as http://127.0.0.1:9500, which is also shown when it listens at all addresses. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves /healthz, /readyz and /metrics at host:port; an IPv6 address stands in brackets. Without a host
 * it is all addresses of both families, or those of IPv4 where the machine has no IPv6.
 */
export async function startHealthServer(
  address: string,
  checks: HealthChecks,
  registry: Registry,
): Promise<HealthServer> {
  const where = parseAddress(address);
  const answers: Record<string, () => Answer | Promise<Answer>> = {
    '/healthz': () => toAnswer(checks.ailment()),
    '/readyz': () => toAnswer(checks.obstacle()),
    '/metrics': async () => ({
      status: 200,
      type: registry.contentType,
      text: await registry.metrics(),
    }),
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const respond = async (): Promise<void> => {
      const { status, type, text } = (await answers[path]?.()) ?? notFound;
      response.writeHead(status, { 'content-type': type }).end(text);
    };
    respond().catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  server.listen(where);
  await once(server, 'listening');
  const { host = '127.0.0.1' } = where;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shownHost}:${(server.address() as AddressInfo).port}`,
    close: async () => await close(server),
  };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** UTF-16 units. */
const longestProblem = 1024;

const notFound: Answer = { status: 404, type: 'text/plain', text: 'not found\n' };

function toAnswer(problem: string | undefined): Answer {
  return {
    status: problem === undefined ? 200 : 503,
    type: 'text/plain; charset=utf-8',
    // kubectl describe pod shows it as one event.
    text: `${shorten((problem ?? 'ok').replaceAll(/[\s\p{Cc}]+/gu, ' ').trim(), longestProblem)}\n`,
  };
}

/** The host is left out when it is empty. Throws an error for people. */
export function parseAddress(address: string): { readonly host?: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new Error(`"${address}" is no address like 127.0.0.1:9500`);
  const host = match[1] ?? match[2] ?? '';
  return host === '' ? { port } : { host, port };
}

async function close(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
