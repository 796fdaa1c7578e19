import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { execa } from 'execa';
import { serveGit } from '../../support/git-backend.ts';
import { createBareRepository } from '../../support/git-repository.ts';
import type { TempDir } from '../../support/temp.ts';

/** Serves the repository project.git, and `content` for everything else, with a certificate of its own, `cert` in the folder. */
export async function startTlsServer(
  folder: TempDir,
  content: string,
): Promise<{ server: Server; url: string }> {
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
  ];
  const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  await execa('openssl', [
    ...request,
    ...subject,
    '-keyout',
    folder.join('key'),
    '-out',
    folder.join('cert'),
  ]);
  await createBareRepository(folder.join('project.git'), { commits: [{ files: { a: 'a' } }] });
  const [key, cert] = await Promise.all([
    readFile(folder.join('key')),
    readFile(folder.join('cert')),
  ]);
  const server = createServer({ key, cert }, (message, response) => {
    if (message.url?.startsWith('/project.git') === true) {
      serveGit(message, response, folder.path).catch((error: Error) => response.destroy(error));
    } else {
      response.end(content);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
