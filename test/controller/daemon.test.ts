import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ControlPlane } from '../control-plane/index.ts';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { cgroupsNamed, filesContaining, findProcesses, mountsUnder } from '../support/leftovers.ts';
import { waitFor } from '../support/wait.ts';
import { type DaemonProcess, startDaemonProcess } from './daemon-process.ts';
import { conditionsOf, Contents, startCluster } from './contents.ts';
import { createNodeFolder } from './scripted-node.ts';

const password = 'p%40ss "wörd" $(id)';

/** What a run of that uid may not leave behind. */
async function leftovers(folder: string, uid: string): Promise<string[]> {
  const processes = await findProcesses(uid);
  return [
    ...processes.map(({ commandLine }) => `process ${commandLine}`),
    ...(await mountsUnder(folder)).map((path) => `mount ${path}`),
    ...(await cgroupsNamed(uid)).map((path) => `cgroup ${path}`),
    ...(await readdir(join(folder, 'state/bundles')).catch(() => [])).map(
      (name) => `bundle ${name}`,
    ),
    ...(await readdir(join(folder, 'state/runc')).catch(() => [])).map(
      (name) => `container ${name}`,
    ),
  ];
}

describe('the daemon as a process with real sandboxes', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  let git: GitServer;
  /** Requests for this repository get no answer while it is set. */
  let silent: string | undefined;
  let asked = 0;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
    git = await startGitServer({
      intercept: (request) => {
        const hangs = silent !== undefined && request.url?.includes(silent) === true;
        if (hangs) asked += 1;
        return hangs;
      },
    });
  });
  after(async () => {
    await git.stop();
    await cluster.stop();
  });

  let nodes = 0;
  function nextNode(): string {
    nodes += 1;
    return `real-${nodes}`;
  }

  function start(folder: string, nodeName: string): DaemonProcess {
    return startDaemonProcess({ folder, nodeName, kubeconfig: cluster.kubeconfig });
  }

  /** A run that is well inside of its sandbox and waits for a git server that does not answer. */
  async function startHanging(name: string, nodeName: string): Promise<{ uid: string }> {
    const { url } = await git.create(name, {
      commits: [{ files: { 'README.md': name } }],
    });
    silent = `${name}.git`;
    asked = 0;
    const { metadata } = await contents.create(name, {
      nodeName,
      initializer: { git: { remoteUri: url } },
    });
    await waitFor('the git server to be asked', () => asked > 0, { timeoutMs: 20_000 });
    return { uid: String(metadata.uid) };
  }

  test('a repository is cloned, and the status has its numbers', async () => {
    await using folder = await createNodeFolder();
    const nodeName = nextNode();
    await using daemon = start(folder.path, nodeName);
    const { url } = await git.create('plain', { commits: [{ files: { 'README.md': 'hello' } }] });
    await contents.create('plain', { nodeName, initializer: { git: { remoteUri: url } } });
    const { status } = await contents.untilReason('plain', 'InitializationSuccess');
    assert.deepEqual(
      [status?.source, status?.steps?.map(({ path }) => path)],
      ['from-other', ['git']],
    );
    assert.ok((status?.initializerMetrics?.git?.size ?? 0) > 0);
    const file = join(folder.path, 'data/default/plain/README.md');
    assert.equal(await readFile(file, 'utf8'), 'hello');
    assert.equal(await daemon.kill('SIGTERM'), 0);
  });

  test('a password with odd characters works, and shows up nowhere', async () => {
    await using folder = await createNodeFolder();
    const nodeName = nextNode();
    await using daemon = start(folder.path, nodeName);
    const auth = { user: 'amy', password };
    const history = { commits: [{ files: { 'README.md': 'private' } }] };
    const { url } = await git.create('private', history, auth);
    await cluster.client.create('/api/v1/namespaces/default/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/basic-auth',
      metadata: { name: 'amy' },
      stringData: { username: auth.user, password },
    });
    const config = { authSecretRef: { name: 'amy' } };
    await contents.create('private', {
      nodeName,
      initializer: { git: { remoteUri: url, config } },
    });
    const ready = await contents.untilReason('private', 'InitializationSuccess');

    await contents.create('no-password', { nodeName, initializer: { git: { remoteUri: url } } });
    const refused = await contents.until(
      'no-password',
      'Failed',
      ({ phase }) => phase === 'Failed',
    );
    assert.match(conditionsOf(refused), /^Ready=False:GitAuthenticationFailed Stalled=True/);

    await daemon.kill('SIGTERM');
    for (const form of [password, encodeURIComponent(password)]) {
      assert.deepEqual(await filesContaining(folder.path, form), []);
      assert.ok(!daemon.output().includes(form));
      assert.ok(!JSON.stringify([ready, refused]).includes(form));
    }
  });

  test('a password that was wrong is enough to correct', async () => {
    await using folder = await createNodeFolder();
    const nodeName = nextNode();
    await using _ = start(folder.path, nodeName);
    const history = { commits: [{ files: { 'README.md': 'private' } }] };
    const { url } = await git.create('locked', history, { user: 'eve', password });
    const secrets = '/api/v1/namespaces/default/secrets';
    await cluster.client.create(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/basic-auth',
      metadata: { name: 'eve' },
      stringData: { username: 'eve', password: 'wrong' },
    });
    const config = { authSecretRef: { name: 'eve' } };
    const initializer = { git: { remoteUri: url, config } };
    await contents.create('locked', { nodeName, initializer });
    await contents.until('locked', 'Failed', ({ phase }) => phase === 'Failed');
    await cluster.client.patch(`${secrets}/eve`, { stringData: { password } });
    // Secrets are not watched: any change of the resource makes the daemon look.
    await contents.patch('locked', { timeout: '5m' });
    const { status } = await contents.untilReason('locked', 'InitializationSuccess');
    assert.equal(status?.attempts, 2);
  });

  test('a daemon that is killed in the middle is followed by one that cleans up and goes on', async () => {
    await using folder = await createNodeFolder();
    const nodeName = nextNode();
    await using first = start(folder.path, nodeName);
    const { uid } = await startHanging('restart', nodeName);
    assert.equal(await first.kill('SIGKILL'), 'SIGKILL');
    assert.notDeepEqual(await leftovers(folder.path, uid), []);

    silent = undefined;
    await using second = start(folder.path, nodeName);
    const { status } = await contents.untilReason('restart', 'InitializationSuccess', 30_000);
    assert.equal(status?.attempts, 2);
    assert.match(second.output(), /interrupted/);
    assert.deepEqual(await leftovers(folder.path, uid), []);
  });

  test('a resource that is deleted in the middle leaves nothing', async () => {
    await using folder = await createNodeFolder();
    const nodeName = nextNode();
    await using daemon = start(folder.path, nodeName);
    const { uid } = await startHanging('deleted', nodeName);
    await contents.delete('deleted');
    await waitFor(
      'everything of it to be gone',
      async () => {
        const left = await leftovers(folder.path, uid);
        const content = await readdir(join(folder.path, 'data/default')).catch(() => []);
        return left.length === 0 && content.length === 0;
      },
      { timeoutMs: 10_000 },
    );
    // The log line comes after the clean-up.
    await waitFor('the log to say so', () => daemon.output().includes('"reason":"Cancelled"'));
  });

  test('SIGTERM in the middle ends within seconds and leaves nothing running', async () => {
    await using folder = await createNodeFolder();
    const nodeName = nextNode();
    await using daemon = start(folder.path, nodeName);
    const { uid } = await startHanging('stopped', nodeName);
    const began = performance.now();
    assert.equal(await daemon.kill('SIGTERM'), 0);
    assert.ok(performance.now() - began < 8000);
    assert.deepEqual(await leftovers(folder.path, uid), []);
    const { status } = await contents.get('stopped');
    assert.equal(status?.error?.reason, 'Interrupted');
  });

  test('two daemons on two nodes work side by side', async () => {
    await using folders = new AsyncDisposableStack();
    const names = [nextNode(), nextNode()];
    for (const nodeName of names) {
      const folder = folders.use(await createNodeFolder());
      folders.use(start(folder.path, nodeName));
    }
    for (const nodeName of names) await contents.create(`on-${nodeName}`, { nodeName });
    for (const nodeName of names)
      await contents.untilReason(`on-${nodeName}`, 'InitializationSuccess');
  });
});
