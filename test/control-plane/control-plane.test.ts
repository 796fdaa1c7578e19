import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { findProcesses } from '../support/leftovers.ts';
import { createTempDir } from '../support/temp.ts';
import { waitFor } from '../support/wait.ts';
import { KubeClient, type KubeError } from './client.ts';
import { type ControlPlane, startControlPlane } from './index.ts';
import { applyManifests, installCrds } from './manifests.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, data: Record<string, string>): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

describe('control plane', () => {
  let controlPlane: ControlPlane;

  before(async () => {
    controlPlane = await startControlPlane();
  });
  after(async () => await controlPlane.stop());

  test('stores, patches and deletes objects', async () => {
    const { client } = controlPlane;
    await client.apply(`${configMaps}/one`, configMap('one', { a: '1' }));
    await client.patch(`${configMaps}/one`, { data: { b: '2' } });
    const { data } = await client.get(`${configMaps}/one`);
    assert.deepEqual(data, { a: '1', b: '2' });

    await client.delete(`${configMaps}/one`);
    await assert.rejects(client.get(`${configMaps}/one`), (error: KubeError) => {
      assert.deepEqual([error.status, error.reason], [404, 'NotFound']);
      return true;
    });
  });

  test('a service account is known, and may do only what RBAC grants it', async () => {
    const kubeconfig = await controlPlane.createServiceAccountKubeconfig('tools', 'reader');
    const { users } = parse(await readFile(kubeconfig, 'utf8')) as {
      users: [{ user: { token: string } }];
    };
    const cluster = { url: controlPlane.url, ca: join(controlPlane.dir, 'pki/ca.crt') };
    const reader = await KubeClient.connect(cluster, users[0].user);
    const isForbidden = (error: KubeError): boolean => error.reason === 'Forbidden';
    await assert.rejects(reader.list(configMaps), isForbidden);

    await applyManifests(controlPlane.client, readerRole);
    await waitFor('the grant to act', async () => {
      await reader.list(configMaps);
      return true;
    });
    await assert.rejects(reader.create(configMaps, configMap('x', {})), isForbidden);
    await reader.close();
  });

  test('admission acts: nothing is made in a namespace that does not exist', async () => {
    await assert.rejects(
      controlPlane.client.create('/api/v1/namespaces/none/configmaps', configMap('x', {})),
      /namespaces "none" not found/,
    );
  });

  test('serves custom resources right after their definition is installed', async () => {
    await using folder = await createTempDir();
    await writeFile(folder.join('thing.yaml'), thingDefinition);
    await installCrds(controlPlane.client, folder.path);
    const path = '/apis/test.example.com/v1/namespaces/default/things/one';
    const thing = { apiVersion: 'test.example.com/v1', kind: 'Thing', metadata: { name: 'one' } };
    await controlPlane.client.apply(path, { ...thing, spec: { node: 'here' } });
    const selected = await controlPlane.client.list(
      '/apis/test.example.com/v1/things?fieldSelector=spec.node%3Dhere',
    );
    assert.deepEqual(
      selected.map(({ metadata }) => metadata.name),
      ['one'],
    );
  });

  test('two run side by side and know nothing of each other', async () => {
    await using other = await startControlPlane();
    await other.client.apply(`${configMaps}/other`, configMap('other', {}));
    assert.notEqual(other.url, controlPlane.url);
    await assert.rejects(controlPlane.client.get(`${configMaps}/other`), /not found/);
  });

  test('stop leaves no process and no folder', async () => {
    const other = await startControlPlane();
    assert.ok((await findProcesses(other.dir)).length >= 2);
    await other.stop();
    assert.deepEqual(await findProcesses(other.dir), []);
    assert.ok(!existsSync(other.dir));
  });

  test('a start that fails says what the server said, and leaves nothing', async () => {
    await using temp = await createTempDir();
    const previous = process.env['TMPDIR'];
    process.env['TMPDIR'] = temp.path;
    try {
      await assert.rejects(
        startControlPlane({ apiserverFlags: ['--no-such-flag'] }),
        /kube-apiserver ended.*unknown flag: --no-such-flag/s,
      );
    } finally {
      if (previous === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = previous;
    }
    assert.deepEqual(await findProcesses(temp.path), []);
  });

  test('a killed parent leaves no process and no folder', async () => {
    const main = join(import.meta.dirname, 'main.ts');
    const parent = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    parent.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const dir = await waitFor(
      'the kubeconfig line',
      () => /KUBECONFIG=(.*)\/admin\.kubeconfig/.exec(output)?.[1],
      { timeoutMs: 60_000 },
    );
    assert.ok((await findProcesses(dir)).length >= 2);

    parent.kill('SIGKILL');
    await once(parent, 'exit');

    await waitFor('its processes to be gone', async () => (await findProcesses(dir)).length === 0);
    await waitFor('its folder to be gone', () => !existsSync(dir));
  });
});

const readerRole = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: reader }
rules: [{ apiGroups: [''], resources: [configmaps], verbs: [get, list] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: reader }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader }
subjects: [{ kind: ServiceAccount, name: reader, namespace: tools }]
`;

const thingDefinition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: things.test.example.com }
spec:
  group: test.example.com
  scope: Namespaced
  names: { kind: Thing, plural: things }
  versions:
    - name: v1
      served: true
      storage: true
      selectableFields: [{ jsonPath: .spec.node }]
      schema:
        openAPIV3Schema:
          type: object
          properties: { spec: { type: object, properties: { node: { type: string } } } }
`;
