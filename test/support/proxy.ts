import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface TestProxy {
  readonly url: string;
  /** `CONNECT host:port` and `HEAD http://host:port/path`, without queries. */
  readonly seen: string[];
  /** Proxy-Authorization headers. */
  readonly authorizations: (string | undefined)[];
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A forward proxy: tunnels for https, absolute request targets for http. With `authorization`, only
 * requests with that very Proxy-Authorization get through.
 */
export async function startProxy(authorization?: string): Promise<TestProxy> {
  const seen: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const refuses = (given: string | undefined): boolean =>
    authorization !== undefined && given !== authorization;
  const server = createServer((incoming, answer) => {
    seen.push(`${incoming.method} ${incoming.url?.split('?')[0]}`);
    authorizations.push(incoming.headers['proxy-authorization']);
    const { method, headers, url = '' } = incoming;
    if (refuses(headers['proxy-authorization'])) {
      answer.writeHead(407, { 'proxy-authenticate': 'Basic realm="proxy"' }).end();
      return;
    }
    const forwarded = request(url, { method: method ?? 'GET', headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    forwarded.on('error', () => answer.destroy());
    incoming.pipe(forwarded);
  });
  server.on('connect', (incoming, client: Socket) => {
    seen.push(`CONNECT ${incoming.url}`);
    authorizations.push(incoming.headers['proxy-authorization']);
    sockets.add(client);
    client.on('error', () => undefined);
    if (refuses(incoming.headers['proxy-authorization'])) {
      client.end(
        'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="proxy"\r\n' +
          'Content-Length: 0\r\nConnection: close\r\n\r\n',
      );
      return;
    }
    const { hostname, port } = new URL(`http://${incoming.url}`);
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    sockets.add(upstream);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    authorizations,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
