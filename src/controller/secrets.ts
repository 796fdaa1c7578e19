import { ContentError } from '../api/errors.ts';
import { secretNames, type SecretLookup } from '../api/plan.ts';
import type { ContentResource } from '../api/resource.ts';
import { isApiStatus } from './api-error.ts';
import type { KubeClient } from './kube-client.ts';
import { isRecord } from '../api/record.ts';

/** Of the names that the API server takes. Anything else could lead to another namespace's Secret. */
const secretName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/**
 * Fetches the Secrets that a resource names, of its own namespace. One that does not exist is left
 * out. Throws InvalidSpec for what is no name, SecretNotFound when one may not be read, and as
 * KubeClient.
 */
export async function fetchSecrets(
  client: Pick<KubeClient, 'get'>,
  { namespace, spec }: ContentResource,
  signal: AbortSignal,
): Promise<SecretLookup> {
  const secrets = new Map<string, Readonly<Record<string, string>>>();
  for (const name of secretNames(spec)) {
    if (!secretName.test(name)) {
      throw new ContentError('InvalidSpec', `${JSON.stringify(name)} is no name of a Secret`);
    }
    try {
      const secret = await client.get(`/api/v1/namespaces/${namespace}/secrets/${name}`, signal);
      secrets.set(name, decodeData(secret));
    } catch (error) {
      if (isApiStatus(error, 403)) {
        const message = `the daemon may not read the Secret ${name}: ${error.message}`;
        throw new ContentError('SecretNotFound', message, { cause: error });
      }
      if (!isApiStatus(error, 404)) throw error;
    }
  }
  return secrets;
}

function decodeData(secret: unknown): Record<string, string> {
  const data = isRecord(secret) && isRecord(secret['data']) ? secret['data'] : {};
  const decoded = Object.entries(data).map(([key, value]) => [
    key,
    Buffer.from(typeof value === 'string' ? value : '', 'base64').toString('utf8'),
  ]);
  return Object.fromEntries(decoded) as Record<string, string>;
}
