/** Runs in isolated networks, by the whole program, in a network that the test made. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import type { WorkspaceContentStatus } from '../../../src/api/types.generated.ts';
import { createBareRepository } from '../../support/git-repository.ts';
import { places } from './support/places.ts';
import { startWorld, type World } from './support/world.ts';

const program = join(import.meta.dirname, '../../../bin/start.mjs');

let world: World;
let count = 0;

before(async () => {
  world = await startWorld();
  await createBareRepository(`${world.repositories}/one.git`, {
    commits: [{ files: { 'README.md': 'read me' } }],
  });
});
after(async () => await world[Symbol.asyncDispose]());

async function invoke(initializer: object, ...flags: string[]) {
  count += 1;
  const resource = {
    apiVersion: 'workspacecontent.dev/v1alpha1',
    kind: 'WorkspaceContent',
    metadata: { name: `content-${count}`, namespace: 'default' },
    spec: { nodeName: 'node', initializer },
  };
  const paths = ['--data-root', world.temp.join('data'), '--state-dir', world.temp.join('state')];
  const isolated = ['--sandbox-network', 'isolated', ...flags];
  return await world.onNode(
    [process.execPath, program, 'run', '-f', '-', '-o', 'json', ...paths, ...isolated],
    { input: stringify(resource), variables: { KUBERNETES_SERVICE_HOST: places.apiServer } },
  );
}

async function run(initializer: object, ...flags: string[]): Promise<WorkspaceContentStatus> {
  const { stdout, stderr } = await invoke(initializer, ...flags);
  assert.notEqual(stdout, '', stderr);
  return (JSON.parse(stdout) as { status: WorkspaceContentStatus }).status;
}

async function assertNoneLeft(): Promise<void> {
  assert.deepEqual(await world.leftovers(), { interfaces: [], namespaces: [], rules: '' });
}

const fetched = (url: string) => ({ download: { files: [{ url, filePath: 'file', digest }] } });
const digest = 'sha256:ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73';

for (const host of [places.server, 'git.test']) {
  test(`a repository is cloned from ${host}`, async () => {
    const status = await run({ git: { remoteUri: `http://${host}/one.git` } });
    assert.equal(status.phase, 'Ready', JSON.stringify(status.error));
    assert.equal(await readFile(`${status.hostPath ?? ''}/README.md`, 'utf8'), 'read me');
    await assertNoneLeft();
  });
}

const refused: readonly (readonly [string, string, string])[] = [
  ['the metadata service', `http://${places.metadata}/latest`, places.metadata],
  ['a redirect to it', `http://${places.server}/to-metadata`, places.metadata],
  ["the API server's address", `http://${places.apiServer}/api`, places.apiServer],
  ['the node itself', `http://${places.node}:9500/metrics`, places.node],
  ['the nameserver, but for names', `http://${places.nameserver}/`, places.nameserver],
];
describe('what no sandbox may reach', { concurrency: true }, () => {
  for (const [what, url, address] of refused) {
    test(`a download from ${what} is refused, with the address`, async () => {
      const { error } = await run(fetched(url));
      assert.equal(error?.reason, 'NetworkRefused', JSON.stringify(error));
      const words = `refuses the way to ${address.replaceAll('.', '\\.')}:`;
      assert.match(error.message, new RegExp(words));
    });
  }

  test('a repository that redirects to the metadata service is refused', async () => {
    const { error } = await run({ git: { remoteUri: `http://${places.server}/to-metadata` } });
    assert.equal(error?.reason, 'NetworkRefused', JSON.stringify(error));
  });
});

test('none of it was reached, and nothing of the runs stays behind', async () => {
  assert.deepEqual(await world.trespasses(), []);
  await assertNoneLeft();
});

test('a range that the operator denies is refused, and what is allowed in it is not', async () => {
  const url = `http://${places.server}/file`;
  const denied = await run(fetched(url), '--sandbox-deny-cidr', '203.0.113.0/24');
  assert.equal(denied.error?.reason, 'NetworkRefused', JSON.stringify(denied.error));
  const both = ['--sandbox-deny-cidr', '203.0.113.0/24', '--sandbox-allow-cidr', places.server];
  const { phase, error } = await run(fetched(url), ...both);
  assert.equal(phase, 'Ready', JSON.stringify(error));
});

test('a node that forwards nothing is told what to do', async () => {
  const forward = async (value: number) =>
    await world.onNode(['sh', '-c', `echo ${value} >/proc/sys/net/ipv4/ip_forward`]);
  await forward(0);
  try {
    const { exitCode, stderr } = await invoke({ empty: {} });
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /set the sysctl net\.ipv4\.ip_forward to 1, or use --sandbox-network host$/m,
    );
  } finally {
    await forward(1);
  }
});
