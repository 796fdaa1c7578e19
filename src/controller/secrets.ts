import { createHash } from 'node:crypto';
import { ContentError } from '../api/errors.ts';
import { secretNames, type SecretLookup } from '../api/plan.ts';
import type { ContentResource } from '../api/resource.ts';
import { isApiStatus } from './api-error.ts';
import type { KubeClient } from './kube-client.ts';
import { isRecord } from '../api/record.ts';
import { resourceVersionOf } from './watch-event.ts';

/** Of the names that the API server takes. Anything else could lead to another namespace's Secret. */
const secretName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

export interface FetchedSecrets {
  readonly values: SecretLookup;
  /** Another text as soon as one of them is another one; undefined when the resource names none. */
  readonly versions: string | undefined;
}

/**
 * Fetches the Secrets that a resource names, of its own namespace. One that does not exist is left
 * out. Throws InvalidSpec for what is no name, SecretNotFound when one may not be read, and as
 * KubeClient.
 */
export async function fetchSecrets(
  client: Pick<KubeClient, 'get'>,
  { namespace, spec }: ContentResource,
  signal: AbortSignal,
): Promise<FetchedSecrets> {
  const secrets = new Map<string, Readonly<Record<string, string>>>();
  const versions: unknown[] = [];
  for (const name of secretNames(spec)) {
    if (!secretName.test(name)) {
      throw new ContentError('InvalidSpec', `${JSON.stringify(name)} is no name of a Secret`);
    }
    try {
      const secret = await client.get(`/api/v1/namespaces/${namespace}/secrets/${name}`, signal);
      secrets.set(name, decodeData(secret));
      versions.push(name, uidOf(secret), resourceVersionOf(secret));
    } catch (error) {
      if (isApiStatus(error, 403)) {
        const message = `the daemon may not read the Secret ${name}: ${error.message}`;
        throw new ContentError('SecretNotFound', message, { cause: error });
      }
      if (!isApiStatus(error, 404)) throw error;
    }
  }
  if (secretNames(spec).length === 0) return { values: secrets, versions: undefined };
  const digest = createHash('sha256').update(JSON.stringify(versions)).digest('hex');
  return { values: secrets, versions: digest.slice(0, 32) };
}

function uidOf(secret: unknown): unknown {
  const metadata = isRecord(secret) ? secret['metadata'] : undefined;
  return isRecord(metadata) ? metadata['uid'] : undefined;
}

function decodeData(secret: unknown): Record<string, string> {
  const data = isRecord(secret) && isRecord(secret['data']) ? secret['data'] : {};
  const decoded = Object.entries(data).map(([key, value]) => [
    key,
    Buffer.from(typeof value === 'string' ? value : '', 'base64').toString('utf8'),
  ]);
  return Object.fromEntries(decoded) as Record<string, string>;
}
