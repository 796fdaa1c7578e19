import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { gitEnvironment } from './git-repository.ts';

/**
 * Answers one request by `git http-backend`, which speaks CGI: the request's head is its environment, the body
 * its standard input (it unpacks gzip itself), and its output begins with header lines.
 */
export async function serveGit(
  request: IncomingMessage,
  response: ServerResponse,
  root: string,
): Promise<void> {
  const child = spawn('git', ['http-backend'], {
    env: { PATH: process.env['PATH'], ...gitEnvironment, ...cgiEnvironment(request, root) },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  // Its death shows in its output; a broken pipe towards it needs no error of its own.
  child.on('error', (error) => response.destroy(error));
  request.pipe(child.stdin).on('error', () => undefined);
  response.on('close', () => child.kill());

  await pipeline(
    child.stdout,
    async function* (output: AsyncIterable<Buffer>) {
      let head: Buffer | undefined = Buffer.alloc(0);
      for await (const chunk of output) {
        if (head === undefined) {
          yield chunk;
          continue;
        }
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) continue;
        writeHead(response, head.subarray(0, end).toString('latin1'));
        yield head.subarray(end + 4);
        head = undefined;
      }
      if (head !== undefined) throw new Error(`no answer from git http-backend: ${request.url}`);
    },
    response,
  );
}

function cgiEnvironment(request: IncomingMessage, root: string): Record<string, string> {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
  const { headers } = request;
  const optional = {
    CONTENT_TYPE: headers['content-type'],
    CONTENT_LENGTH: headers['content-length'],
    HTTP_CONTENT_ENCODING: headers['content-encoding'],
    GIT_PROTOCOL: headers['git-protocol'],
  };
  const environment: Record<string, string> = {
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    REQUEST_METHOD: request.method ?? 'GET',
    PATH_INFO: decodeURIComponent(pathname),
    QUERY_STRING: search.slice(1),
    REMOTE_ADDR: request.socket.remoteAddress ?? '',
  };
  for (const [name, value] of Object.entries(optional)) {
    if (typeof value === 'string') environment[name] = value;
  }
  return environment;
}

function writeHead(response: ServerResponse, head: string): void {
  let status = 200;
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.writeHead(status);
}
