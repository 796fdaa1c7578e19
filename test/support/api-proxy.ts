/** A proxy in front of the real kube-apiserver that does to requests what networks and servers do to them. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as sendRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { KeyPair } from '../control-plane/pki.ts';
import { startTcpRelay, type TcpRelay } from './tcp-relay.ts';

export interface Upstream {
  readonly url: string;
  /** Path of the certificate of its authority. */
  readonly ca: string;
  /** Whose rights all requests have; without, they keep their own. */
  readonly client?: KeyPair;
}

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** `list` and `watch` of a collection; `write` is whatever changes something. */
  readonly kind: 'list' | 'watch' | 'write' | 'get';
  /** Authorization header, so that tests see a token change. */
  readonly authorization: string;
  /** Milliseconds, monotonic. */
  readonly at: number;
  /** Of the answer; undefined while there is none. */
  status?: number;
}

/** What becomes of a request instead of passing. */
export type Fault =
  | { readonly answer: number; readonly body?: object; readonly headers?: Record<string, string> }
  /** It reaches the API server, and its answer gets lost. */
  | { readonly loseAnswer: true }
  /** Nothing is ever answered. */
  | { readonly silent: true }
  /** The answer ends within the JSON, as if it were complete. */
  | { readonly truncateAt: number }
  /** Of a watch: so many lines pass; then the connection is cut, goes silent, or ends with more lines. */
  | { readonly lines: number; readonly ending: 'cut' | 'silent' | 'end' | readonly string[] }
  /** Of a watch: what becomes of each line; undefined drops it. */
  | { readonly map: (line: string) => string | undefined };

export type Rule = (exchange: Exchange) => Fault | undefined;

export interface ApiProxy extends AsyncDisposable {
  readonly url: string;
  /** Every request so far. */
  readonly exchanges: Exchange[];
  /** Asked for each request; without, all pass. */
  rule: Rule;
  /** From now on another API server answers; the connections of before are cut unless they are kept. */
  redirect(upstream: Upstream, before?: 'cut' | 'kept'): void;
  /** From now on it shows another certificate; connections are cut. */
  useCertificate(pair: KeyPair): void;
  /** The way to it. */
  readonly relay: TcpRelay;
}

export async function startApiProxy(target: Upstream, pair: KeyPair): Promise<ApiProxy> {
  let upstream = connect(target);
  const exchanges: Exchange[] = [];
  const server = createServer(readPair(pair), (request, response) => {
    const exchange = describe(request);
    exchanges.push(exchange);
    pass(request, response, exchange, upstream, proxy.rule(exchange)).catch(() => {
      response.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const relay = await startTcpRelay((server.address() as AddressInfo).port);
  const proxy: ApiProxy = {
    url: `https://127.0.0.1:${relay.port}`,
    exchanges,
    relay,
    rule: () => undefined,
    redirect(to, before = 'cut') {
      upstream.agent.destroy();
      upstream = connect(to);
      if (before === 'cut') relay.cut();
    },
    useCertificate(next) {
      server.setSecureContext(readPair(next));
      relay.cut();
    },
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      upstream.agent.destroy();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return proxy;
}

interface Connected {
  readonly url: string;
  readonly agent: Agent;
  readonly impersonates: boolean;
}

function connect({ url, ca, client }: Upstream): Connected {
  const pair = client === undefined ? {} : readPair(client);
  const agent = new Agent({ keepAlive: true, ca: readFileSync(ca), ...pair });
  return { url, agent, impersonates: client !== undefined };
}

function readPair({ certificate, key }: KeyPair): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(certificate), key: readFileSync(key) };
}

function describe(request: IncomingMessage): Exchange {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://proxy');
  const query = Object.fromEntries(searchParams);
  const method = request.method ?? '';
  const isCollection = pathname.endsWith('/workspacecontents');
  const reading = query['watch'] === 'true' ? 'watch' : isCollection ? 'list' : 'get';
  return {
    ...{ method, query, path: pathname },
    kind: method === 'GET' ? reading : 'write',
    authorization: request.headers.authorization ?? '',
    at: performance.now(),
  };
}

async function pass(
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
  { url, agent, impersonates }: Connected,
  fault: Fault | undefined,
): Promise<void> {
  const body = await text(request);
  if (fault !== undefined && 'silent' in fault) return;
  if (fault !== undefined && 'answer' in fault) {
    exchange.status = fault.answer;
    response.writeHead(fault.answer, { 'content-type': 'application/json', ...fault.headers });
    response.end(JSON.stringify(fault.body ?? { kind: 'Status', code: fault.answer }));
    return;
  }
  const { host: _, ...headers } = request.headers;
  if (impersonates) delete headers.authorization;
  const sent = sendRequest(new URL(request.url ?? '/', url), {
    method: exchange.method,
    headers,
    agent,
  });
  response.on('close', () => sent.destroy());
  sent.on('error', () => response.destroy());
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  sent.end(body);
  const [answer] = await answered;
  exchange.status = answer.statusCode ?? 0;
  if (fault !== undefined && 'loseAnswer' in fault) {
    await text(answer);
    response.destroy();
    return;
  }
  const { 'content-length': __, ...kept } = answer.headers;
  response.writeHead(exchange.status, kept);
  if (exchange.kind === 'watch') await passLines(answer, response, fault);
  else {
    const whole = await text(answer);
    const isCut = fault !== undefined && 'truncateAt' in fault;
    response.end(isCut ? whole.slice(0, fault.truncateAt) : whole);
  }
}

async function passLines(
  answer: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  const limit = fault !== undefined && 'lines' in fault ? fault : undefined;
  const map = fault !== undefined && 'map' in fault ? fault.map : (line: string) => line;
  let passed = 0;
  let rest = '';
  response.flushHeaders();
  if (limit?.lines === 0) return finish(response, limit.ending);
  answer.setEncoding('utf8');
  for await (const chunk of answer as AsyncIterable<string>) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (limit !== undefined && passed === limit.lines) continue;
      const mapped = map(line);
      if (mapped !== undefined) response.write(`${mapped}\n`);
      passed += 1;
      if (passed === limit?.lines) finish(response, limit.ending);
    }
  }
  if (limit?.ending !== 'silent') response.end();
}

function finish(
  response: ServerResponse,
  ending: 'cut' | 'silent' | 'end' | readonly string[],
): void {
  if (ending === 'cut') response.destroy();
  else if (ending === 'end') response.end();
  else if (ending !== 'silent') response.end(ending.map((line) => `${line}\n`).join(''));
}

/** Requests of a kind so far, such as `of(proxy, 'list')`. */
export function requestsOf({ exchanges }: ApiProxy, kind: Exchange['kind']): Exchange[] {
  return exchanges.filter((exchange) => exchange.kind === kind);
}
