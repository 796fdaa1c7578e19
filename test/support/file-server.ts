import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type HttpListener, listen } from './http-listener.ts';

/** What goes wrong with the next requests of a path. Without any of it the content is served. */
export interface Fault {
  /** How many requests it applies to; all when left out. */
  times?: number;
  /** Waits before the answer starts. */
  delayMs?: number;
  /** Answers this status with an empty body. */
  status?: number;
  /** Answers 302 to this URL. */
  redirectTo?: string;
  /** Cuts the connection after so many bytes of the body. */
  dropAfterBytes?: number;
  /** Takes the request and never answers. */
  hang?: boolean;
  headers?: Record<string, string>;
}

export interface FileServer extends HttpListener {
  /** Puts a file at a path such as `/a/b.tar` and returns its URL; replaces the file and its fault. */
  serve(path: string, content: string | Uint8Array, fault?: Fault): string;
}

interface ServedFile {
  content: Buffer;
  fault: Fault;
  faultsLeft: number;
}

/** A file server, with ranges, that fails on demand. */
export async function startFileServer(): Promise<FileServer> {
  const files = new Map<string, ServedFile>();
  const listener = await listen(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const file = files.get(pathname);
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    await answer(request, response, file.content, takeFault(file));
  });
  return {
    ...listener,
    serve(path, content, fault = {}) {
      const faultsLeft = fault.times ?? Number.POSITIVE_INFINITY;
      files.set(path, { content: Buffer.from(content), fault, faultsLeft });
      return `${listener.url}${path}`;
    },
  };
}

function takeFault(file: ServedFile): Fault {
  if (file.faultsLeft <= 0) return {};
  file.faultsLeft -= 1;
  return file.fault;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  fault: Fault,
): Promise<void> {
  if (fault.hang === true) return;
  if (fault.delayMs !== undefined) await delay(fault.delayMs);
  for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
  if (fault.redirectTo !== undefined) {
    response.writeHead(302, { location: fault.redirectTo }).end();
    return;
  }
  if (fault.status !== undefined) {
    response.writeHead(fault.status).end();
    return;
  }
  const body = writeHead(request, response, content);
  if (request.method === 'HEAD') {
    response.end();
  } else if (fault.dropAfterBytes === undefined) {
    response.end(body);
  } else {
    response.write(body.subarray(0, fault.dropAfterBytes), () => response.destroy());
  }
}

/** Writes the head that fits the request's range and returns the part of the content that belongs to it. */
function writeHead(request: IncomingMessage, response: ServerResponse, content: Buffer): Buffer {
  response.setHeader('accept-ranges', 'bytes');
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (range === null) {
    response.writeHead(200, { 'content-length': content.length });
    return content;
  }
  const start = Number(range[1]);
  const end = Math.min(range[2] ? Number(range[2]) : content.length - 1, content.length - 1);
  if (start > end) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` });
    return Buffer.alloc(0);
  }
  response.writeHead(206, {
    'content-length': end - start + 1,
    'content-range': `bytes ${start}-${end}/${content.length}`,
  });
  return content.subarray(start, end + 1);
}
