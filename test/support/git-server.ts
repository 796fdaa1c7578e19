import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { serveGit } from './git-backend.ts';
import { createBareRepository, type History, mirrorRepository } from './git-repository.ts';
import { type HttpListener, listen } from './http-listener.ts';
import { createTempDir } from './temp.ts';

export interface BasicAuth {
  user: string;
  password: string;
}

export interface GitServerOptions {
  /** The folder of the bare repositories; a temporary one, removed by `stop`, when left out. */
  root?: string;
  /** Asked of every repository that has none of its own. */
  auth?: BasicAuth;
  /** Sees every request first; returns true when it answered, or never will. */
  intercept?: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;
}

export interface GitRepository {
  readonly url: string;
  /** The bare repository on disk. */
  readonly path: string;
  /** Hashes of the commits of the history, in its order. */
  readonly commits: string[];
}

export interface GitServer extends HttpListener {
  readonly root: string;
  /** Makes the repository `<name>.git` with a history; a password of its own goes before the server's. */
  create(name: string, history: History, auth?: BasicAuth): Promise<GitRepository>;
  /** Makes the repository `<name>.git` from an existing one on disk. */
  mirror(name: string, source: string, auth?: BasicAuth): Promise<GitRepository>;
}

/** Git's own smart HTTP service (`git http-backend`) on a free port of 127.0.0.1. */
export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  const temp = options.root === undefined ? await createTempDir('wsc-git-') : undefined;
  const root = options.root ?? String(temp?.path);
  const ownAuth = new Map<string, BasicAuth>();

  const listener = await listen(async (request, response) => {
    if ((await options.intercept?.(request, response)) === true) return;
    const auth = ownAuth.get(repositoryOf(request)) ?? options.auth;
    if (auth === undefined || isAuthorized(request, auth)) {
      await serveGit(request, response, root);
    } else {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    }
  });
  const place = (name: string, auth?: BasicAuth): { url: string; path: string } => {
    const folder = `${name}.git`;
    if (auth !== undefined) ownAuth.set(folder, auth);
    return { url: `${listener.url}/${folder}`, path: join(root, folder) };
  };
  const stop = async (): Promise<void> => {
    await listener.stop();
    await temp?.remove();
  };
  return {
    ...listener,
    root,
    async create(name, history, auth) {
      const { url, path } = place(name, auth);
      return { url, path, commits: await createBareRepository(path, history) };
    },
    async mirror(name, source, auth) {
      const { url, path } = place(name, auth);
      await mirrorRepository(source, path);
      return { url, path, commits: [] };
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** `group/name.git` of a path such as /group/name.git/info/refs. */
function repositoryOf(request: IncomingMessage): string {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  return /^\/(.*?\.git)(?:\/|$)/.exec(decodeURIComponent(pathname))?.[1] ?? '';
}

function isAuthorized(request: IncomingMessage, { user, password }: BasicAuth): boolean {
  const expected = Buffer.from(`${user}:${password}`, 'utf8').toString('base64');
  return request.headers.authorization === `Basic ${expected}`;
}
