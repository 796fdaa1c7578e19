import type { KubeClient } from './client.ts';

const oneDay = 24 * 60 * 60;

/** Makes sure of the namespace and the service account and returns a token of the latter, valid for a day. */
export async function createServiceAccountToken(
  client: KubeClient,
  namespace: string,
  name: string,
): Promise<string> {
  await client.apply(`/api/v1/namespaces/${namespace}`, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  const account = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`;
  await client.apply(account, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } });
  const { status } = await client.create<{ status: { token: string } }>(`${account}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: oneDay },
  });
  return status.token;
}
