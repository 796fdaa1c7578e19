/** What lies in deploy/, against a real API server. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { startCluster } from '../../scripts/demo/cluster.ts';
import { projectRoot } from '../../scripts/demo/project.ts';
import { readSample, samples } from '../../scripts/demo/samples.ts';
import { KubeClient, KubeError } from '../control-plane/client.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { parseManifests, pathOf } from '../control-plane/manifests.ts';
import { waitFor } from '../support/wait.ts';

const wsc = '/apis/workspacecontent.dev/v1alpha1/namespaces/default/workspacecontents';

describe('deploy', () => {
  let controlPlane: ControlPlane;
  let daemon: KubeClient;

  before(async () => {
    controlPlane = await startCluster();
    const file = await controlPlane.createServiceAccountKubeconfig(
      'workspace-content',
      'workspace-content',
    );
    const config = parse(await readFile(file, 'utf8')) as {
      clusters: [{ cluster: { server: string; 'certificate-authority': string } }];
      users: [{ user: { token: string } }];
    };
    const { server, 'certificate-authority': ca } = config.clusters[0].cluster;
    daemon = await KubeClient.connect({ url: server, ca }, config.users[0].user);
  });
  after(async () => {
    await daemon.close();
    await controlPlane.stop();
  });

  /** As `kubectl apply --dry-run=server --validate=strict`. */
  const check = async (text: string): Promise<void> => {
    for (const manifest of parseManifests(text)) {
      const path = await pathOf(controlPlane.client, manifest);
      const query = 'fieldManager=test&force=true&dryRun=All&fieldValidation=Strict';
      await controlPlane.client.patch(`${path}?${query}`, manifest, 'apply');
    }
  };
  for (const file of [
    'namespace.yaml',
    'rbac.yaml',
    'daemonset.yaml',
    'crds/workspacecontents.yaml',
  ]) {
    test(`${file} holds no field that the API server does not know`, async () => {
      await check(await readFile(join(projectRoot, 'deploy', file), 'utf8'));
    });
  }
  for (const { name } of samples) {
    test(`samples/${name}.yaml is accepted`, async () =>
      await check(await readSample(name, new Map())));
  }

  test('kustomization.yaml names all that is installed', async () => {
    const text = await readFile(join(projectRoot, 'deploy/kustomization.yaml'), 'utf8');
    const { resources } = parse(text) as { resources: string[] };
    assert.deepEqual(resources, [
      'namespace.yaml',
      'crds/workspacecontents.yaml',
      'rbac.yaml',
      'daemonset.yaml',
    ]);
  });

  describe('the daemon may do its work and nothing else', () => {
    const forbidden: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['list Secrets', async () => await daemon.list('/api/v1/namespaces/default/secrets')],
      [
        'create WorkspaceContents',
        async () => await daemon.create(wsc, { metadata: { name: 'x' } }),
      ],
      ['delete WorkspaceContents', async () => await daemon.delete(`${wsc}/x`)],
      ['read pods', async () => await daemon.list('/api/v1/pods')],
      ['read nodes', async () => await daemon.list('/api/v1/nodes')],
    ];
    for (const [what, attempt] of forbidden) {
      test(`not: ${what}`, async () => {
        await assert.rejects(
          attempt,
          (error) => error instanceof KubeError && error.status === 403,
        );
      });
    }

    test('of a resource it may change nothing but its own finalizer', async () => {
      const { client } = controlPlane;
      await client.create(wsc, {
        apiVersion: 'workspacecontent.dev/v1alpha1',
        kind: 'WorkspaceContent',
        metadata: { name: 'guarded', labels: { a: 'b' } },
        spec: { nodeName: 'nobody', initializer: { empty: {} } },
      });
      const patches = [
        { spec: { suspend: true } },
        { metadata: { labels: { a: null } } },
        { metadata: { annotations: { a: 'b' } } },
        { metadata: { finalizers: ['example.com/other'] } },
      ];
      for (const patch of patches) {
        // The API server takes a moment to put a new policy into force.
        await waitFor(`${JSON.stringify(patch)} to be refused`, async () => {
          return await daemon.patch(`${wsc}/guarded`, patch).then(
            () => false,
            (error: unknown) => error instanceof KubeError && /may not change/.test(error.message),
          );
        });
      }
      const own = { finalizers: ['workspacecontent.dev/content'] };
      await daemon.patch(`${wsc}/guarded`, { metadata: own });
      const { metadata } = await client.get(`${wsc}/guarded`);
      assert.deepEqual(metadata['finalizers'], own.finalizers);
    });

    test('but: list and watch WorkspaceContents, get a Secret by its name, write a status', async () => {
      await daemon.list('/apis/workspacecontent.dev/v1alpha1/workspacecontents');
      const notFound = (error: unknown): boolean =>
        error instanceof KubeError && error.status === 404;
      await assert.rejects(daemon.get('/api/v1/namespaces/default/secrets/none'), notFound);
      await assert.rejects(daemon.patch(`${wsc}/none/status`, { status: {} }), notFound);
    });
  });

  test('kubectl explain has a description for every field', async () => {
    const path = '/openapi/v3/apis/workspacecontent.dev/v1alpha1';
    // The server publishes it a moment after it serves the resource.
    const document = await waitFor('the description of the resource', async () => {
      return await controlPlane.client.get<OpenApiDocument>(path);
    });
    const schema = document.components.schemas['dev.workspacecontent.v1alpha1.WorkspaceContent'];
    assert.ok(schema?.properties);
    const { spec, status } = schema.properties;
    assert.ok(spec && status);
    const silent = [...withoutDescription(spec, 'spec'), ...withoutDescription(status, 'status')];
    assert.deepEqual(silent, []);
  });
});

interface OpenApiDocument {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

function* withoutDescription(schema: Schema, path: string): Generator<string> {
  if ((schema.description ?? '').length < 5) yield path;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    yield* withoutDescription(property, `${path}.${name}`);
  }
  const { items } = schema;
  for (const [name, property] of Object.entries(items?.properties ?? {})) {
    yield* withoutDescription(property, `${path}[].${name}`);
  }
}
