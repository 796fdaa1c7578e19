import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { type FileServer, startFileServer } from '../support/file-server.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { findBinaries } from './binaries.ts';
import { downloadEnvtest } from './envtest.ts';
import { withLock } from './lock.ts';
import { parseVersion, wantedVersion } from './version.ts';

async function program(dir: TempDir, path: string, script = ''): Promise<string> {
  await mkdir(dir.join(path, '..'), { recursive: true });
  await writeFile(dir.join(path), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return dir.join(path);
}

describe('versions', () => {
  for (const [text, version] of [
    ['1.36.3', '1.36.3'],
    ['v1.32.0', '1.32.0'],
  ] as const) {
    test(`${text} is ${version}`, () => assert.equal(parseVersion(text), version));
  }
  for (const text of ['1.31.9', '0.36.0', '1.36', 'latest', '1.36.3-rc.1']) {
    test(`${text} is refused`, () => assert.throws(() => parseVersion(text), /too old|not of/));
  }
  test('KUBERNETES_VERSION chooses', () => {
    assert.equal(wantedVersion({ KUBERNETES_VERSION: 'v1.33.1' }), '1.33.1');
    assert.equal(wantedVersion({}), '1.36.3');
  });
});

describe('binaries', () => {
  test('KUBEBUILDER_ASSETS goes before everything else', async () => {
    await using dir = await createTempDir();
    const apiserver = await program(dir, 'kube-apiserver', 'echo Kubernetes v1.33.4');
    const etcd = await program(dir, 'etcd');
    const found = await findBinaries({ env: { KUBEBUILDER_ASSETS: dir.path } });
    assert.deepEqual(found, { apiserver, etcd, version: '1.33.4' });
  });

  test('assets that are too old are refused', async () => {
    await using dir = await createTempDir();
    await program(dir, 'kube-apiserver', 'echo Kubernetes v1.30.0');
    await program(dir, 'etcd');
    await assert.rejects(findBinaries({ env: { KUBEBUILDER_ASSETS: dir.path } }), /too old/);
  });

  test('a filled cache folder is used as it is', async () => {
    await using dir = await createTempDir();
    const folder = 'workspace-content/kubernetes-1.33.0';
    const apiserver = await program(dir, `${folder}/kube-apiserver`);
    const etcd = await program(dir, 'bin/etcd');
    const env = {
      XDG_CACHE_HOME: dir.path,
      KUBERNETES_VERSION: '1.33.0',
      PATH: dir.join('bin'),
    };
    const lines: string[] = [];
    const found = await findBinaries({ env, log: (line) => lines.push(line) });
    assert.deepEqual(found, { apiserver, etcd, version: '1.33.0' });
    assert.deepEqual(lines, []);
  });
});

describe('envtest archives', () => {
  const file = `envtest-v1.33.0-linux-${process.arch === 'arm64' ? 'arm64' : 'amd64'}.tar.gz`;

  async function publish(dir: TempDir, server: FileServer, digest?: string): Promise<string> {
    await program(dir, 'controller-tools/envtest/kube-apiserver');
    await program(dir, 'controller-tools/envtest/etcd');
    await execa('tar', ['-czf', dir.join(file), '-C', dir.path, 'controller-tools']);
    const content = await readFile(dir.join(file));
    const hash = digest ?? createHash('sha512').update(content).digest('hex');
    const selfLink = server.serve(`/${file}`, content);
    const index = { releases: { 'v1.33.0': { [file]: { hash, selfLink } } } };
    return server.serve('/index.yaml', stringify(index));
  }

  test('both programs are put in place', async () => {
    await using dir = await createTempDir();
    await using server = await startFileServer();
    const folder = dir.join('cache/kubernetes-1.33.0');
    await mkdir(dir.join('cache'));
    await downloadEnvtest('1.33.0', folder, await publish(dir, server));
    assert.deepEqual((await readdir(folder)).sort(), ['etcd', 'kube-apiserver']);
    assert.deepEqual(await readdir(dir.join('cache')), ['kubernetes-1.33.0']);
  });

  for (const [what, digest, problem] of [
    ['with another digest', 'ab'.repeat(64), /SHA-512/],
    ['without a proper digest', 'short', /the envtest index has no/],
  ] as const) {
    test(`an archive ${what} is refused and leaves nothing`, async () => {
      await using dir = await createTempDir();
      await using server = await startFileServer();
      const index = await publish(dir, server, digest);
      await mkdir(dir.join('cache'));
      await assert.rejects(downloadEnvtest('1.33.0', dir.join('cache/k'), index), problem);
      assert.deepEqual(await readdir(dir.join('cache')), []);
    });
  }

  test('a release that the index does not have is refused', async () => {
    await using dir = await createTempDir();
    await using server = await startFileServer();
    const index = await publish(dir, server);
    await assert.rejects(downloadEnvtest('1.34.0', dir.join('k'), index), /no envtest-v1\.34\.0/);
  });
});

describe('lock', () => {
  test('one at a time holds it', async () => {
    await using dir = await createTempDir();
    const events: string[] = [];
    const hold = async (name: string): Promise<void> =>
      await withLock(dir.join('lock'), async () => {
        events.push(`${name} in`);
        await delay(50);
        events.push(`${name} out`);
      });
    await Promise.all([hold('a'), hold('b')]);
    const [first = '', , second = ''] = events.map((event) => event.charAt(0));
    assert.deepEqual(events, [`${first} in`, `${first} out`, `${second} in`, `${second} out`]);
  });

  test('an action that fails frees it', async () => {
    await using dir = await createTempDir();
    const failing = withLock(dir.join('lock'), async () => await Promise.reject(new Error('no')));
    await assert.rejects(failing, /no/);
    assert.equal(await withLock(dir.join('lock'), async () => await Promise.resolve(1)), 1);
  });
});
