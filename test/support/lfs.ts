import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

/** What stands in a repository for a file that is kept in Git LFS. */
export function lfsPointer(content: string): string {
  const oid = createHash('sha256').update(content).digest('hex');
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${Buffer.byteLength(content)}\n`;
}

/**
 * The LFS service for downloads of the given contents, to put in front of a git server; answers whether the
 * request was one for it. `base` is the server's URL.
 */
export async function serveLfs(
  request: IncomingMessage,
  response: ServerResponse,
  base: string,
  contents: readonly string[],
): Promise<boolean> {
  const { url = '' } = request;
  const files = new Map(
    contents.map((content) => [createHash('sha256').update(content).digest('hex'), content]),
  );
  if (url.startsWith('/lfs/')) {
    response.end(files.get(url.slice('/lfs/'.length)));
    return true;
  }
  if (!url.endsWith('/info/lfs/objects/batch')) return false;
  const { objects } = (await json(request)) as { objects: { oid: string; size: number }[] };
  const answers = objects.map(({ oid, size }) =>
    files.has(oid)
      ? { oid, size, actions: { download: { href: `${base}/lfs/${oid}` } } }
      : { oid, size, error: { code: 404, message: 'no such object' } },
  );
  response
    .writeHead(200, { 'content-type': 'application/vnd.git-lfs+json' })
    .end(JSON.stringify({ transfer: 'basic', objects: answers }));
  return true;
}
