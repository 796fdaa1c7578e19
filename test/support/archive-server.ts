import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type HttpListener, listen } from './http-listener.ts';

/** One way to misbehave; all other things are as they should be. */
export interface Misbehaviour {
  /** Answers this status, with these headers and an empty body. */
  readonly status?: number;
  /** Added to the answer, or instead of its own. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Cuts the connection after so many bytes of the body. */
  readonly dropAfter?: number;
  /** Falls silent after so many bytes of the body, and keeps the connection. */
  readonly silentAfter?: number;
  /** From then on one byte comes each time this many milliseconds have passed. */
  readonly trickleMs?: number;
  /** Never answers. */
  readonly hang?: boolean;
  /** Answers a request for a range with everything. */
  readonly ignoreRange?: boolean;
  /** Says nothing of the body's length, and sends it in HTTP's chunks. */
  readonly withoutLength?: boolean;
  /** Instead of the content. */
  readonly content?: Uint8Array;
}

export interface AskedFor {
  /** 0 for the first request of the object. */
  readonly index: number;
  /** First byte of the range, 0 without one. */
  readonly start: number;
  readonly hasRange: boolean;
  readonly ifMatch: string | undefined;
}

export interface ServedObject {
  readonly content: Uint8Array;
  /** With its quotes; null for an object without one. */
  readonly etag?: string | null;
  readonly ranges?: boolean;
  /** For each connection, at the most. */
  readonly bytesPerSecond?: number;
  readonly misbehave?: (asked: AskedFor) => Misbehaviour | undefined;
}

export interface ObjectServer extends HttpListener {
  /** Puts an object at a path such as `/bucket/full.tar`; returns its URL. */
  put(path: string, object: ServedObject): URL;
  /** Of the object at a path, in the order of arrival. */
  asked(path: string): readonly AskedFor[];
  /** Requests under way right now, and the most there were at once. */
  readonly connections: { open: number; most: number };
}

/** An object store's way to answer GETs (ETag, ranges, If-Match), with its bad days. */
export async function startObjectServer(): Promise<ObjectServer> {
  const objects = new Map<string, ServedObject>();
  const log = new Map<string, AskedFor[]>();
  const connections = { open: 0, most: 0 };
  const listener = await listen(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const object = objects.get(pathname);
    if (object === undefined) {
      response.writeHead(404).end();
      return;
    }
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const earlier = log.get(pathname) ?? [];
    const asked: AskedFor = {
      index: earlier.length,
      start: Number(range?.[1] ?? 0),
      hasRange: range !== null,
      ifMatch: request.headers['if-match'],
    };
    log.set(pathname, [...earlier, asked]);
    connections.open += 1;
    connections.most = Math.max(connections.most, connections.open);
    response.on('close', () => (connections.open -= 1));
    const end = range?.[2] ? Number(range[2]) + 1 : undefined;
    await answer(response, object, asked, end);
  });
  return {
    ...listener,
    connections,
    put(path, object) {
      objects.set(path, object);
      return new URL(`${listener.url}${path}`);
    },
    asked: (path) => log.get(path) ?? [],
  };
}

async function answer(
  response: ServerResponse,
  object: ServedObject,
  asked: AskedFor,
  wantedEnd: number | undefined,
): Promise<void> {
  const bad = object.misbehave?.(asked) ?? {};
  if (bad.hang === true) return;
  const { etag = '"1"', ranges = true } = object;
  const content = bad.content ?? object.content;
  const headers: Record<string, string> = {
    ...(etag === null ? {} : { etag }),
    ...(ranges ? { 'accept-ranges': 'bytes' } : {}),
    ...bad.headers,
  };
  const isPart = asked.hasRange && ranges && bad.ignoreRange !== true;
  const refused = asked.ifMatch !== undefined && asked.ifMatch !== headers['etag'];
  const status = bad.status ?? (refused ? 412 : undefined);
  if (status !== undefined) {
    response.writeHead(status, { ...headers, 'content-length': '0' }).end();
    return;
  }
  const start = isPart ? asked.start : 0;
  const end = isPart ? Math.min(wantedEnd ?? content.length, content.length) : content.length;
  if (isPart) headers['content-range'] ??= `bytes ${start}-${end - 1}/${content.length}`;
  if (bad.withoutLength !== true) headers['content-length'] ??= String(end - start);
  response.writeHead(isPart ? 206 : 200, headers);
  await send(response, Buffer.from(content.buffer, content.byteOffset + start, end - start), {
    bad,
    bytesPerSecond: object.bytesPerSecond,
  });
}

interface Sending {
  readonly bad: Misbehaviour;
  readonly bytesPerSecond: number | undefined;
}

async function send(
  response: ServerResponse,
  body: Buffer,
  { bad, bytesPerSecond }: Sending,
): Promise<void> {
  const cut = bad.dropAfter ?? bad.silentAfter;
  const whole = cut === undefined ? body : body.subarray(0, cut);
  if (bytesPerSecond === undefined) await write(response, whole);
  else await sendSlowly(response, whole, bytesPerSecond);
  if (bad.dropAfter !== undefined) response.destroy();
  else if (whole.length === body.length) response.end();
  else if (bad.trickleMs !== undefined) await trickle(response, body.subarray(cut), bad.trickleMs);
}

async function sendSlowly(
  response: ServerResponse,
  body: Buffer,
  bytesPerSecond: number,
): Promise<void> {
  const piece = Math.ceil(bytesPerSecond / 100);
  for (let sent = 0; sent < body.length && !response.destroyed; sent += piece) {
    // Never faster, also when this process has been held up. Not after the last one: who has all of an answer
    // may ask again by the same connection, and its next answer waits until this one has ended.
    if (sent > 0) await delay(10);
    await write(response, body.subarray(sent, sent + piece));
  }
}

async function trickle(response: ServerResponse, body: Buffer, everyMs: number): Promise<void> {
  for (let sent = 0; sent < body.length && !response.destroyed; sent += 1) {
    response.write(body.subarray(sent, sent + 1));
    await delay(everyMs);
  }
}

/** Resolves when the bytes are with the kernel, or the connection is gone. */
async function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  if (bytes.length === 0 || response.destroyed) return;
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.write(bytes, () => {
      response.off('close', resolve);
      resolve();
    });
  });
}
