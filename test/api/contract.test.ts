/** The contract against a real API server: what it takes, what it refuses, and that `validate` says the same. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { validateResource } from '../../src/api/validate.ts';
import { KubeError, type KubeClient, type KubeObject } from '../control-plane/client.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/index.ts';
import { installCrds } from '../control-plane/manifests.ts';
import { badSpecs, goodSpecs } from './spec-tables.ts';

const crds = fileURLToPath(new URL('../../deploy/crds', import.meta.url));
const base = '/apis/workspacecontent.dev/v1alpha1/namespaces/default/workspacecontents';

let controlPlane: ControlPlane;
let client: KubeClient;

before(async () => {
  controlPlane = await startControlPlane();
  ({ client } = controlPlane);
  await installCrds(client, crds);
});

after(async () => controlPlane.stop());

function manifest(name: string, spec: object): KubeObject {
  return {
    apiVersion: 'workspacecontent.dev/v1alpha1',
    kind: 'WorkspaceContent',
    metadata: { name },
    spec,
  };
}

/** As `kubectl apply` sends it: unknown fields are errors. */
async function apply(name: string, spec: object): Promise<KubeObject> {
  const query = 'fieldManager=test&force=true&fieldValidation=Strict';
  return client.patch(`${base}/${name}?${query}`, manifest(name, spec), 'apply');
}

test('what the table calls good is taken by the API server and by validate', async () => {
  for (const [index, spec] of goodSpecs.entries()) {
    const name = `good-${index}`;
    await apply(name, spec);
    assert.deepEqual(validateResource(manifest(name, spec)).problems, [], JSON.stringify(spec));
  }
});

test('what the table calls bad is refused by both, and both name the field', async () => {
  for (const { spec, field } of badSpecs) {
    const about = JSON.stringify(spec);
    const error = await apply('bad', spec).then(
      () => assert.fail(`the API server took ${about}`),
      (problem: unknown) => problem,
    );
    assert.ok(error instanceof KubeError, String(error));
    assert.ok(error.message.includes(field), `${error.message} does not name ${field}`);
    const fields = validateResource(manifest('bad', spec)).problems.map((problem) => problem.field);
    assert.ok(
      fields.includes(field),
      `validate names ${fields.join(', ')} and not ${field}: ${about}`,
    );
  }
});

test('defaults are the same as those of validate', async () => {
  const spec = {
    nodeName: 'node-a',
    initializer: { git: { remoteUri: 'https://example.com/a.git' } },
  };
  const stored = await apply('defaults', spec);
  const { defaulted } = validateResource(manifest('defaults', spec));
  assert.deepEqual((defaulted as KubeObject)['spec'], stored['spec']);
  assert.deepEqual((defaulted as KubeObject)['status'], stored['status']);
  assert.deepEqual(stored['status'], { observedGeneration: -1 });
});

test('the spec is immutable but for suspend, backoffLimit, timeout and deletionPolicy', async () => {
  const spec = {
    nodeName: 'node-a',
    owner: 'jo',
    initializer: { git: { remoteUri: 'https://example.com/a.git' } },
  };
  await apply('fixed', spec);
  const changes: Record<string, unknown> = {
    nodeName: 'node-b',
    owner: 'al',
    workspaceID: 'w',
    instanceID: 'i',
    hostPath: '/var/lib/workspace-content/data/default/other',
    runAsUser: 1000,
    runAsGroup: 1000,
    idMappings: [{ containerID: 0, hostID: 33333, size: 1 }],
    initializer: { git: { remoteUri: 'https://example.com/b.git' } },
    secretRef: { name: 's' },
    storage: 's',
    existingContent: 'Replace',
  };
  for (const [field, value] of Object.entries(changes)) {
    await assert.rejects(
      client.patch(`${base}/fixed`, { spec: { [field]: value } }),
      (error) => error instanceof KubeError && error.message.includes(`${field} is immutable`),
      field,
    );
  }
  const proto = { spec: { initializer: null, initializerProto: 'CgA=' } };
  await assert.rejects(client.patch(`${base}/fixed`, proto), /initializer is immutable/);
  await client.patch(`${base}/fixed`, {
    spec: { suspend: true, backoffLimit: 5, timeout: '1h', deletionPolicy: 'Delete' },
  });
});

test('resources can be selected by node', async () => {
  await apply('here', { nodeName: 'node-here', initializer: { empty: {} } });
  await apply('there', { nodeName: 'node-there', initializer: { empty: {} } });
  const found = await client.list(`${base}?fieldSelector=spec.nodeName%3Dnode-here`);
  assert.deepEqual(
    found.map((object) => object.metadata.name),
    ['here'],
  );
});

test('each field is described', async () => {
  const crd = await client.get<{
    spec: { versions: { schema: { openAPIV3Schema: Described } }[] };
  }>(
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/workspacecontents.workspacecontent.dev',
  );
  const undescribed: string[] = [];
  const visit = (schema: Described, path: string): void => {
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      if (path !== '' && (field.description ?? '').length < 12) undescribed.push(`${path}.${name}`);
      visit(field, `${path}.${name}`);
    }
    if (schema.items !== undefined) visit(schema.items, `${path}[]`);
  };
  visit(crd.spec.versions[0]?.schema.openAPIV3Schema ?? {}, '');
  assert.deepEqual(undescribed, []);
});

interface Described {
  description?: string;
  properties?: Record<string, Described>;
  items?: Described;
}
