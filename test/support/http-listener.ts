import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface LoggedRequest {
  method: string;
  path: string;
  /** Whether an Authorization header came along. Its value is not kept. */
  authorized: boolean;
  range?: string;
}

export interface HttpListener {
  readonly url: string;
  /** Every request so far, in the order of arrival. */
  readonly requests: LoggedRequest[];
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Serves on a free port of 127.0.0.1. A handler that throws answers 500; `stop` cuts what is under way. */
export async function listen(handler: Handler): Promise<HttpListener> {
  const requests: LoggedRequest[] = [];
  const server = createServer((request, response) => {
    requests.push(logged(request));
    handler(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end(`${String(error)}\n`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A test that forgets to stop a server must not hang for it.
  server.unref();
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://127.0.0.1:${port}`, requests, stop, [Symbol.asyncDispose]: stop };
}

function logged(request: IncomingMessage): LoggedRequest {
  const { range, authorization } = request.headers;
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    authorized: authorization !== undefined,
    ...(range === undefined ? {} : { range }),
  };
}
