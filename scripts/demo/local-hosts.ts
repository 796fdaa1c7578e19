/** Servers on this machine that stand in for the public ones that the samples name. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { execa } from 'execa';
import { startFileServer } from '../../test/support/file-server.ts';
import { gitEnvironment } from '../../test/support/git-repository.ts';
import { type GitServer, startGitServer } from '../../test/support/git-server.ts';
import { type DemoStore, startDemoStore } from './object-store.ts';
import { projectRoot } from './project.ts';
import type { Rewrites } from './samples.ts';

export interface LocalHosts {
  readonly rewrites: Rewrites;
  /** What the git server serves, for people. */
  readonly served: string;
  /** Path of a storage configuration with the store that the samples name objects of. */
  readonly storageConfig: string;
  stop(): Promise<void>;
}

const repository = 'octocat/Hello-World';
const file = '/octocat/Hello-World/7fd1a60b01f91b314f59955a4e4d4e80d8edf11d/README';

export async function startLocalHosts(): Promise<LocalHosts> {
  const git = await startGitServer({ intercept: refuseOthers });
  const files = await startFileServer();
  let store: DemoStore | undefined;
  const stop = async (): Promise<void> => {
    await Promise.all([git.stop(), files.stop(), store?.stop()]);
  };
  try {
    files.serve(file, 'Hello World!\n');
    const own = await mirrorThisCheckout(git);
    if (!own) await git.create(repository, madeUpHistory);
    store = await startDemoStore(`${git.url}/${repository}.git`);
    return {
      storageConfig: store.config,
      served: own ? "this checkout's own history" : 'a small repository made for it',
      rewrites: new Map([
        ['https://github.com', git.url],
        ['https://git.kernel.org', git.url],
        ['https://raw.githubusercontent.com', files.url],
      ]),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** False when there is no history to serve: an unpacked archive, a fresh `git init`, another user's checkout. */
async function mirrorThisCheckout(server: GitServer): Promise<boolean> {
  const git = async (...args: string[]): Promise<string> =>
    (await execa('git', ['-C', projectRoot, ...args], { env: gitEnvironment })).stdout;
  let head: string;
  try {
    // Some folder above may be a checkout of something else.
    if ((await git('rev-parse', '--show-prefix')) !== '') return false;
    head = await git('rev-parse', '--verify', 'HEAD^{commit}');
  } catch {
    return false;
  }
  const { path } = await server.mirror(repository, projectRoot);
  // A detached checkout, as in CI, would leave the mirror without a default branch.
  await execa('git', ['-C', path, 'update-ref', 'refs/heads/demo', head], { env: gitEnvironment });
  await execa('git', ['-C', path, 'symbolic-ref', 'HEAD', 'refs/heads/demo'], {
    env: gitEnvironment,
  });
  return true;
}

/** git itself would complain of other repositories on the demo's terminal. */
function refuseOthers({ url = '' }: IncomingMessage, response: ServerResponse): boolean {
  if (url.startsWith(`/${repository}.git/`)) return false;
  response.writeHead(404).end('no such repository\n');
  return true;
}

const madeUpHistory = {
  commits: [
    { files: { 'README.md': '# Hello\n' }, message: 'Say hello' },
    {
      files: { 'src/main.sh': { run: '#!/bin/sh\necho "Hello World!"\n' } },
      message: 'Add a program',
    },
  ],
};
