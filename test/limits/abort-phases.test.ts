/** An abort in each phase of an attempt, with the real engine and sandbox: it ends soon and leaves nothing. */
import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ContentError } from '../../src/api/errors.ts';
import { contentservice } from '../../src/api/initializer.generated.js';
import type { InitializerMessage } from '../../src/api/initializer.ts';
import { clearDirectory } from '../../src/controller/clear-directory.ts';
import { createNodeEngine } from '../../src/controller/node-engine.ts';
import { runInitializer } from '../../src/init/run.ts';
import type { StorageConfig } from '../../src/storage/config.ts';
import {
  assertNothingLeft,
  createSandboxHarness,
  freshUid,
} from '../init/support/sandbox-harness.ts';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import type { HttpListener } from '../support/http-listener.ts';
import { createTempDir } from '../support/temp.ts';
import { waitPatiently as waitFor } from './support/patience.ts';
import { anyStore, storageOf } from '../storage/support.ts';
import { answerHalfPack, startHangingServer } from './support/hanging.ts';
import { untilAtWork } from './support/sandboxed.ts';

const childDir = fileURLToPath(new URL('../../dist/child', import.meta.url));

/** What is promised is 5 s; a machine under load may take its time, but not for ever. */
const longestMs = 30_000;

const zero = `sha256:${'0'.repeat(64)}`;
const tookMs: string[] = [];

interface Phase {
  readonly initializer: InitializerMessage;
  /** Of the server that hangs, for the snapshot. */
  readonly archive?: string;
  readonly storage?: StorageConfig;
  /** Resolves when the attempt is in the phase. */
  readonly reached: (uid: string, destination: string) => Promise<unknown>;
}

describe('an abort', () => {
  let server: HttpListener;
  let git: GitServer;
  before(async () => {
    server = await startHangingServer();
    git = await startGitServer({
      intercept: async (request, response) => {
        if (request.url?.includes('/mute') === true) return true;
        if (request.url?.includes('/half') !== true) return false;
        return await answerHalfPack(request, response, commit);
      },
    });
    commit = (await git.create('half', { commits: [{ files: { a: 'a' } }] })).commits[0] ?? '';
  });
  after(async () => {
    await server.stop();
    await git.stop();
    process.stdout.write(`abort to end, ms: ${tookMs.join(', ')}\n`);
  });
  let commit = '';

  const asked = (path: string) => async (): Promise<unknown> =>
    await waitFor(`a request of ${path}`, () =>
      [...server.requests, ...git.requests].some((request) => request.path.includes(path)),
    );
  /** Once it has stopped, SIGTERM does not reach it. */
  const stopped = (program: RegExp) => async (uid: string) => {
    process.kill(await untilAtWork(uid, program), 'SIGSTOP');
  };
  const gitOf = (name: string, config = {}): InitializerMessage => ({
    git: { remoteUri: `${git.url}/${name}.git`, config },
  });
  const download = (path: string): InitializerMessage => ({
    download: { files: [{ url: `${server.url}${path}`, filePath: 'f', digest: zero }] },
  });
  const snapshot: InitializerMessage = { snapshot: { snapshot: 'a@b' } };

  const phases: Readonly<Record<string, () => Phase>> = {
    'before the sandbox, while the object store says nothing': () => {
      const variable = { variable: 'PATH' };
      const credentials = { accessKey: variable, secretKey: variable };
      const storage = storageOf({
        ...anyStore,
        credentials,
        endpoint: server.url,
      });
      return { initializer: snapshot, storage, reached: asked('/full.tar') };
    },
    'while a server says nothing': () => ({
      initializer: download('/silent-file'),
      reached: asked('/silent-file'),
    }),
    'while a download trickles in': () => ({
      initializer: download('/slow-file'),
      reached: async (_, destination) =>
        await waitFor('the file to begin', async () => (await readdir(destination)).length > 0),
    }),
    'while an archive is extracted': () => ({
      initializer: snapshot,
      archive: `${server.url}/archive-1`,
      reached: async (_, destination) =>
        await waitFor('the file to begin', async () =>
          (await readdir(destination)).includes('large'),
        ),
    }),
    'while tar is blocked': () => ({
      initializer: snapshot,
      archive: `${server.url}/archive-2`,
      reached: stopped(/^tar --extract/),
    }),
    'while the git server says nothing': () => ({
      initializer: gitOf('mute'),
      reached: asked('/mute'),
    }),
    'while git unpacks what it got so far': () => ({
      initializer: gitOf('half'),
      reached: async (uid) => await untilAtWork(uid, /(?:index-pack|unpack-objects) /),
    }),
    'while a helper of git does not hear SIGTERM': () => ({
      initializer: gitOf('half'),
      reached: stopped(/remote-http/),
    }),
    'while the one-time secret does not come': () => ({
      initializer: gitOf('mute', { authentication: 2, authOts: `${server.url}/silent-secret` }),
      reached: asked('/silent-secret'),
    }),
    'while the program in the sandbox hears nothing': () => ({
      initializer: download('/silent-again'),
      reached: stopped(/child\.mjs/),
    }),
  };

  for (const [name, phaseOf] of Object.entries(phases)) {
    test(`${name} ends the attempt within seconds, and nothing is left`, async () => {
      await using harness = await createSandboxHarness({ childDir });
      const { initializer, archive, storage, reached } = phaseOf();
      const destination = await harness.destination();
      const uid = freshUid();
      const abort = new AbortController();
      const message = contentservice.WorkspaceInitializer.encode(initializer).finish();
      const request = await harness.request({
        ...{ uid, destination, initializer: message },
        ...(archive === undefined ? {} : { remoteContent: { 'a@b': { url: archive } } }),
      });
      const engine = createNodeEngine(harness.dataRoot, harness.environment, storage);
      const options = { signal: abort.signal, onProgress: () => undefined };
      const going =
        storage === undefined
          ? runInitializer(request, harness.environment, options)
          : engine.run(
              { ...request, plan: { ...request, namespace: 'default', timeoutMs: 60_000 } },
              options,
            );
      // It may fail before it is aborted, which the assertion below tells.
      const ended = going.then(
        () => assert.fail('it came to its end'),
        (error: unknown) => error,
      );
      await reached(uid, destination);
      const aborted = performance.now();
      abort.abort(new ContentError('DeadlineExceeded', 'the words of the caller'));
      const error = await ended;
      const took = performance.now() - aborted;
      tookMs.push(String(Math.round(took)));
      assert.ok(error instanceof ContentError, String(error));
      assert.equal(
        `${error.reason}: ${error.message}`,
        'DeadlineExceeded: the words of the caller',
      );
      assert.ok(took < longestMs, `it took ${took} ms`);
      await assertNothingLeft(harness, uid);
    });
  }

  test('while a directory is cleared ends that', async () => {
    await using temp = await createTempDir();
    for (let n = 0; n < 50; n += 1) await mkdir(temp.join(`tree-${n}`));
    const abort = new AbortController();
    const cleared = assert.rejects(clearDirectory(temp.path, abort.signal));
    abort.abort();
    await cleared;
  });
});
