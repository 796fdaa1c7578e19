import assert from 'node:assert/strict';
import type { Server } from 'node:https';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { InitializerMessage } from '../../src/api/initializer.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { digestOf, download } from './support/download.ts';
import { fill } from './support/fill.ts';
import { git } from './support/request.ts';
import { startTlsServer } from './support/tls-server.ts';

describe('a server with a certificate that only the operator trusts', () => {
  let folder: TempDir;
  let server: Server;
  let steps: readonly { message: InitializerMessage; reason: string }[];
  let temp: TempDir;

  before(async () => {
    folder = await createTempDir();
    const started = await startTlsServer(folder, 'content');
    ({ server } = started);
    steps = [
      { message: git({ remoteUri: `${started.url}/project.git` }), reason: 'GitRemoteUnavailable' },
      { message: download(`${started.url}/file`, digestOf('content')), reason: 'DownloadFailed' },
    ];
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await folder.remove();
  });
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => await temp.remove());

  test('is trusted by git and by downloads', async () => {
    const env = { SSL_CERT_FILE: folder.join('cert') };
    for (const { message } of steps) await fill(temp.path, message, { env });
  });

  test('is not trusted otherwise', async () => {
    for (const { message, reason } of steps) {
      await assert.rejects(fill(temp.path, message), { reason, message: /certificate/ });
    }
  });
});
