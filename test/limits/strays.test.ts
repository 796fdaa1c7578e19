/** What an attempt left behind is taken away by the daemon as it goes on, with real containers. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { contentservice } from '../../src/api/initializer.generated.js';
import type { AttemptRequest } from '../../src/controller/engine.ts';
import { createNodeEngine } from '../../src/controller/node-engine.ts';
import { makeBundle } from '../../src/init/bundle.ts';
import { containerId, listContainers } from '../../src/init/containers.ts';
import { containerPaths } from '../../src/init/environment.ts';
import { startContainer } from '../../src/init/runc.ts';
import { isContentError } from '../init/support/content-error.ts';
import { findProcesses } from '../support/leftovers.ts';
import { createTempDir } from '../support/temp.ts';
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

test('one that cannot be removed keeps no other from it, now or when the daemon starts', async () => {
  await using temp = await createTempDir();
  const broken = temp.join('broken');
  const runcBinary = temp.join('runc');
  const script = `#!/bin/sh\ncase "$*" in *"$(cat ${broken})"*) echo stuck >&2; exit 1;; esac\nexec runc "$@"\n`;
  await writeFile(runcBinary, script, { mode: 0o755 });
  await using harness = await createSandboxHarness({ runcBinary });
  await harness.child(waits);
  const { environment } = harness;
  const engine = createNodeEngine(harness.dataRoot, environment);
  const left = async (): Promise<string[]> =>
    (await listContainers(environment)).map(({ id }) => id);
  const leave = async (): Promise<string> => {
    for (const name of ['a', 'b', 'c', 'd']) {
      await mkdir(containerPaths(environment, `wsc-${name}`).rootfs, { recursive: true });
    }
    const [first] = await left();
    assert.ok(first !== undefined);
    await mkdir(containerPaths(environment, first).runcState, { recursive: true });
    await writeFile(broken, first);
    return first;
  };

  const first = await leave();
  await assert.rejects(engine.reap(), isContentError('SandboxFailed', /could not be .*: stuck/));
  assert.deepEqual(await left(), [first]);
  await writeFile(broken, 'none');
  await engine.reap();
  assert.deepEqual(await left(), []);

  const next = await leave();
  await engine.check();
  assert.deepEqual(await left(), [next]);
  const told = harness.log.filter(({ level }) => level === 'error');
  assert.deepEqual(
    told.map(({ fields }) => fields['container']),
    [next],
  );
  await writeFile(broken, 'none');
  await engine.check();
  assert.deepEqual(await left(), []);
});
