/** What an attempt left behind is taken away by the daemon as it goes on, with real containers. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { test } from 'node:test';
import { contentservice } from '../../src/api/initializer.generated.js';
import type { AttemptRequest } from '../../src/controller/engine.ts';
import { createNodeEngine } from '../../src/controller/node-engine.ts';
import { makeBundle } from '../../src/init/bundle.ts';
import { containerId, listContainers } from '../../src/init/containers.ts';
import { startContainer } from '../../src/init/runc.ts';
import { findProcesses } from '../support/leftovers.ts';
import { waitPatiently as waitFor } from './support/patience.ts';
import {
  assertNothingLeft,
  createSandboxHarness,
  freshUid,
} from '../init/support/sandbox-harness.ts';

const waits = `import fs from 'node:fs'; fs.readFileSync(0); setInterval(() => {}, 1000);`;

test('a container that no attempt is at work in is removed at the next look, and no other', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(waits);
  const { environment } = harness;
  const engine = createNodeEngine(harness.dataRoot, environment);
  const [lost, busy] = [freshUid(), freshUid()];
  await mkdir(environment.stateDir, { recursive: true, mode: 0o711 });
  await engine.reap();

  const destination = await harness.destination('lost');
  const id = containerId(lost);
  await makeBundle(environment, id, { destination, uid: 33333, gid: 33333 });
  startContainer(environment, id, '');
  await waitFor('it to run', async () => (await findProcesses(lost)).length > 0);
  const abort = new AbortController();
  const request: AttemptRequest = {
    ...{ uid: busy, attempt: 1, cleanSlate: false },
    destination: await harness.destination('busy'),
    plan: {
      namespace: 'default',
      initializer: contentservice.WorkspaceInitializer.encode({ empty: {} }).finish(),
      ...{ secrets: [], idMappings: [], runAsUser: 33333, runAsGroup: 33333, timeoutMs: 60_000 },
      owner: { owner: '', workspaceID: '', instanceID: '' },
    },
  };
  const going = engine.run(request, { signal: abort.signal, onProgress: () => undefined });
  const ended = assert.rejects(going, { reason: 'Cancelled' });
  await waitFor('the other to run', async () => (await findProcesses(busy)).length > 0);

  await engine.check();
  assert.deepEqual(await findProcesses(lost), []);
  assert.deepEqual(
    (await listContainers(environment)).map(({ uid }) => uid),
    [busy],
  );
  abort.abort();
  await ended;
  await assertNothingLeft(harness, lost);
});
