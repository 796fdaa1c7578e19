/** Runs of the real child, as make build bundles it, under the real runc. */
import assert from 'node:assert/strict';
import { lstat, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { contentservice } from '../../src/api/initializer.generated.js';
import { createRunEnvironment } from '../../src/init/environment.ts';
import { startGitServer } from '../support/git-server.ts';
import { isContentError } from './support/content-error.ts';
import { assertNothingLeft, createSandboxHarness, freshUid } from './support/sandbox-harness.ts';

const { childDir } = createRunEnvironment({ stateDir: '/' });

function encode(message: contentservice.WorkspaceInitializer.$Properties): Uint8Array {
  return contentservice.WorkspaceInitializer.encode(message).finish();
}

test('an empty initializer ends in a ready file of the user', async () => {
  await using harness = await createSandboxHarness({ childDir });
  const destination = await harness.destination();
  const uid = freshUid();
  const { report } = await harness.run({ uid, destination, initializer: encode({ empty: {} }) });
  assert.deepEqual(report, { source: 'from-other', metrics: [], warnings: [] });
  assert.deepEqual(JSON.parse(await readFile(`${destination}/.gitpod/ready`, 'utf8')), {
    source: 'from-other',
    metrics: [],
  });
  for (const path of ['', '/.gitpod', '/.gitpod/ready']) {
    const { uid: owner, gid } = await lstat(destination + path);
    assert.deepEqual([owner, gid], [33333, 33333], path);
  }
  await assertNothingLeft(harness, uid);
});

test('a git initializer brings the files of a repository, for the user of the run', async () => {
  await using harness = await createSandboxHarness({ childDir });
  await using server = await startGitServer();
  const history = { commits: [{ files: { 'README.md': 'hello' } }] };
  const { url } = await server.create('repository', history);
  const destination = await harness.destination();
  const { report } = await harness.run({
    destination,
    runAsUser: 1234,
    runAsGroup: 2345,
    initializer: encode({ git: { remoteUri: url, config: {} } }),
  });
  assert.deepEqual(
    report.metrics.map(({ path, type }) => [path, type]),
    [['git', 'git']],
  );
  for (const path of ['.git/HEAD', 'README.md', '.gitpod/ready']) {
    const { uid, gid } = await lstat(`${destination}/${path}`);
    assert.deepEqual([uid, gid], [1234, 2345], path);
  }
});

test('what the child refuses has its reason and its step', async () => {
  await using harness = await createSandboxHarness({ childDir });
  const initializer = encode({
    composite: { initializer: [{ empty: {} }, { git: { remoteUri: 'file:///etc', config: {} } }] },
  });
  await assert.rejects(harness.run({ initializer }), isContentError('InvalidSpec', /./));
});

test('bytes that are no initializer are refused', async () => {
  await using harness = await createSandboxHarness({ childDir });
  await assert.rejects(
    harness.run({ initializer: Buffer.from('nonsense') }),
    isContentError('InvalidSpec', /./),
  );
});
