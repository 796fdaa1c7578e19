import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, ApiUnavailable } from '../../src/controller/api-error.ts';
import { fetchSecrets } from '../../src/controller/secrets.ts';
import { sampleResource } from './samples.ts';

const never = new AbortController().signal;

function resourceWith(name: string) {
  const git = { remoteUri: 'https://host/x', config: { authSecretRef: { name } } };
  return sampleResource({ initializer: { git } });
}

/** A client whose answer to every request is this one. */
function clientOf(answer: unknown) {
  const paths: string[] = [];
  const get = async (path: string): Promise<unknown> => {
    paths.push(path);
    return await (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer));
  };
  return { paths, get };
}

test('Secrets are fetched from the namespace of the resource and decoded', async () => {
  const password = Buffer.from('p%40ss "wörd"').toString('base64');
  const client = clientOf({ data: { password, odd: 7 } });
  const { values } = await fetchSecrets(client, resourceWith('amy.git'), never);
  assert.deepEqual(client.paths, ['/api/v1/namespaces/default/secrets/amy.git']);
  assert.deepEqual(values.get('amy.git'), { password: 'p%40ss "wörd"', odd: '' });
});

test('a Secret that does not exist is left out, for the plan to say which is missing', async () => {
  const client = clientOf(new ApiError(404, 'NotFound', ''));
  assert.equal((await fetchSecrets(client, resourceWith('amy'), never)).values.size, 0);
});

test('the versions are others as soon as the Secret is another', async () => {
  const versionsOf = async (answer: unknown): Promise<string | undefined> =>
    (await fetchSecrets(clientOf(answer), resourceWith('amy'), never)).versions;
  const secrets = [
    { metadata: { uid: 'a', resourceVersion: '1' } },
    { metadata: { uid: 'a', resourceVersion: '2' } },
    { metadata: { uid: 'b', resourceVersion: '1' } },
    new ApiError(404, 'NotFound', ''),
  ];
  const versions = await Promise.all(secrets.map(versionsOf));
  assert.equal(new Set(versions).size, secrets.length);
  assert.deepEqual(await Promise.all(secrets.map(versionsOf)), versions);
  const none = await fetchSecrets(clientOf({}), sampleResource(), never);
  assert.equal(none.versions, undefined);
});

test('a Secret that the daemon may not read is told as such', async () => {
  const client = clientOf(new ApiError(403, 'Forbidden', 'secrets "amy" is forbidden'));
  const fetched = fetchSecrets(client, resourceWith('amy'), never);
  await assert.rejects(fetched, { reason: 'SecretNotFound', message: /may not read.*forbidden/ });
});

test('an API server that is away is no fault of the resource', async () => {
  const client = clientOf(new ApiUnavailable('no answer'));
  await assert.rejects(fetchSecrets(client, resourceWith('amy'), never), ApiUnavailable);
});

for (const name of ['../../kube-system/secrets/x', '..', '.', 'a/b', 'a?b', 'a%2fb', 'A', 'a..b']) {
  test(`a name that could lead elsewhere is refused: ${name}`, async () => {
    const client = clientOf({});
    const resource = structuredClone(resourceWith('amy'));
    Object.assign(resource.spec.initializer?.git?.config?.authSecretRef ?? {}, { name });
    await assert.rejects(fetchSecrets(client, resource, never), { reason: 'InvalidSpec' });
    assert.deepEqual(client.paths, []);
  });
}
