/** Networks whose programs fail or hang, with stand-ins for these. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { contentservice } from '../../../src/api/initializer.generated.js';
import { containerId, listContainers, removeContainer } from '../../../src/init/containers.ts';
import { containerPaths, type RunEnvironment } from '../../../src/init/environment.ts';
import { connectNetwork } from '../../../src/init/network/network.ts';
import { runInitializer } from '../../../src/init/run.ts';
import { defaultSettings } from '../../../src/init/settings.ts';
import { findProcesses } from '../../support/leftovers.ts';
import { lacks } from '../../support/requirements.ts';
import { waitFor } from '../../support/wait.ts';
import { isContentError } from '../support/content-error.ts';
import {
  assertNothingLeft,
  createSandboxHarness,
  freshUid,
  type SandboxHarness,
} from '../support/sandbox-harness.ts';

const isolated = { mode: 'isolated', pool: '198.18.0.0/16', deny: [], allow: [] } as const;
const initializer = contentservice.WorkspaceInitializer.encode({
  git: { remoteUri: 'http://198.51.100.1/one.git', config: {} },
}).finish();
const hangs = ': >"$0-hangs"; exec tail -f "$0" >/dev/null';

/** Programs of the node by name, in shell; the others of its network do nothing and succeed. */
async function withPrograms(
  harness: SandboxHarness,
  programs: { readonly ip?: string; readonly nft?: string },
): Promise<RunEnvironment & { readonly folder: string }> {
  const folder = harness.temp.join('bin');
  await mkdir(folder, { recursive: true });
  for (const [name, script] of Object.entries({ ip: '', nft: '', ...programs })) {
    await writeFile(`${folder}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return {
    ...harness.environment,
    folder,
    variables: { PATH: `${folder}:${process.env['PATH']}` },
    sandbox: { ...defaultSettings, network: isolated },
  };
}

test('when ip fails, nft has ended before anything is removed', async () => {
  await using harness = await createSandboxHarness();
  const node = await withPrograms(harness, {
    ip: 'case "$*" in -netns*) echo its words >&2; exit 1;; esac',
    nft: 'cat >/dev/null; sleep 0.5; : >"$0-ended"',
  });
  const id = containerId(freshUid());
  await mkdir(containerPaths(node, id).bundle, { recursive: true });
  const { signal } = new AbortController();
  await assert.rejects(connectNetwork(node, id, isolated, signal), /ip: its words/);
  assert.ok(existsSync(`${node.folder}/nft-ended`));
});

for (const [name, programs] of [
  ['ip hangs when it makes the interface', { ip: `case "$*" in "-batch -") ${hangs};; esac` }],
  ['ip hangs when it sets up the inside', { ip: `case "$*" in -netns*) ${hangs};; esac` }],
  ['nft hangs', { nft: `case "$(cat)" in *"chain answer"*) ${hangs};; esac` }],
] as const) {
  test(`an abort ends a run while ${name}`, { skip: lacks('root') }, async () => {
    await using harness = await createSandboxHarness();
    const node = await withPrograms(harness, programs);
    const request = await harness.request({ initializer });
    const abort = new AbortController();
    const ended = assert.rejects(
      runInitializer(request, node, abort),
      isContentError('Cancelled', /./),
    );
    const [program = ''] = Object.keys(programs);
    await waitFor(program, () => existsSync(`${node.folder}/${program}-hangs`));
    const aborted = performance.now();
    abort.abort();
    await ended;
    assert.ok(performance.now() - aborted < 5000);
    await assertNothingLeft(harness, request.uid);
    assert.deepEqual(await findProcesses(node.folder), []);
  });
}

test(
  'an abort ends a run whose ip hangs whatever it is to do, and the network keeps its record',
  { skip: lacks('root') },
  async () => {
    await using harness = await createSandboxHarness();
    const node = await withPrograms(harness, { ip: hangs });
    const request = await harness.request({ initializer });
    const abort = new AbortController();
    const ended = assert.rejects(
      runInitializer(request, node, abort),
      isContentError('Cancelled', /./),
    );
    await waitFor('ip', () => existsSync(`${node.folder}/ip-hangs`));
    const aborted = performance.now();
    abort.abort();
    await ended;
    assert.ok(performance.now() - aborted < 5000);
    const told = harness.log.find(({ message }) => message.includes('stays behind'));
    assert.match(String(told?.fields['err']), /the network wsc\w+ could not be removed/);
    const id = containerId(request.uid);
    assert.deepEqual(await listContainers(node), [{ id, uid: request.uid }]);

    await removeContainer(await withPrograms(harness, {}), id);
    harness.log.length = 0;
    await assertNothingLeft(harness, request.uid);
  },
);
