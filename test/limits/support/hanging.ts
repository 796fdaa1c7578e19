/** Servers that keep a run waiting for ever, in one phase each. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { rawEntry } from '../../support/archive-maker.ts';
import { type HttpListener, listen } from '../../support/http-listener.ts';

/** Sends bytes every few milliseconds until the other side is gone. */
function trickle(response: ServerResponse, bytes: Uint8Array): void {
  const timer = setInterval(() => response.write(bytes), 10);
  response.once('close', () => clearInterval(timer)).once('error', () => clearInterval(timer));
}

/**
 * `/silent` takes a request and says nothing; `/slow` sends a file byte by byte, `/archive` a tar
 * archive that never ends.
 */
export async function startHangingServer(): Promise<HttpListener> {
  return await listen(async (request, response) => {
    const path = request.url ?? '';
    if (path.startsWith('/slow')) {
      response.writeHead(200, { 'content-length': 2 ** 30 });
      trickle(response, Buffer.from('x'));
    } else if (path.startsWith('/archive')) {
      response.writeHead(200);
      const file = rawEntry({ name: 'large', size: 2 ** 30 });
      response.write(file);
      trickle(response, Buffer.alloc(16 * 1024));
    }
    await Promise.resolve();
  });
}

/**
 * For the git server: a repository `half` answers a fetch with the beginning of a pack and nothing
 * more, so that git has a program at work that waits for the rest.
 */
export async function answerHalfPack(
  request: IncomingMessage,
  response: ServerResponse,
  commit: string,
): Promise<boolean> {
  if (request.method !== 'POST') return false;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString();
  response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
  if (body.includes('command=ls-refs')) {
    response.end(
      `${packet(`${commit} HEAD symref-target:refs/heads/main\n`)}${packet(`${commit} refs/heads/main\n`)}0000`,
    );
    return true;
  }
  const header = Buffer.from([0x50, 0x41, 0x43, 0x4b, 0, 0, 0, 2, 0, 0, 3, 232]);
  response.write(packet('shallow-info\n') + packet(`shallow ${commit}\n`) + '0001');
  response.write(packet('packfile\n'));
  response.write(
    Buffer.concat([Buffer.from(`00${(header.length + 5).toString(16)}\u0001`), header]),
  );
  return true;
}

function packet(text: string): string {
  return `${(text.length + 4).toString(16).padStart(4, '0')}${text}`;
}
