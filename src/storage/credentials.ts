import { readFile } from 'node:fs/promises';
import { ContentError } from '../api/errors.ts';
import type { StoreConfig, ValueSource } from './config.ts';
import { errorCode } from './error-text.ts';

/** All of it is secret but the access key, and that is nobody's business either. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads the credentials as they are now: files are rotated while the daemon runs, and are small.
 * Throws StorageUnavailable that names what is missing.
 */
export async function readCredentials(
  { name, credentials }: StoreConfig,
  variables: Variables,
): Promise<Credentials> {
  const read = async (what: string, source: ValueSource): Promise<string> => {
    const { value, place } = await readValue(source, variables);
    if (value !== '') return value;
    throw new ContentError(
      'StorageUnavailable',
      `the ${what} of the object store ${name} is missing: ${place}`,
    );
  };
  const { sessionToken } = credentials;
  const [accessKeyId, secretAccessKey, token] = await Promise.all([
    read('access key', credentials.accessKey),
    read('secret key', credentials.secretKey),
    sessionToken === undefined || isUnset(sessionToken, variables)
      ? undefined
      : read('session token', sessionToken),
  ]);
  return { accessKeyId, secretAccessKey, ...(token === undefined ? {} : { sessionToken: token }) };
}

function isUnset(source: ValueSource, variables: Variables): boolean {
  return 'variable' in source && !variables[source.variable];
}

async function readValue(
  source: ValueSource,
  variables: Variables,
): Promise<{ value: string; place: string }> {
  if ('variable' in source) {
    const place = `the environment variable ${source.variable} is not set`;
    return { value: variables[source.variable]?.trim() ?? '', place };
  }
  try {
    const value = (await readFile(source.file, 'utf8')).trim();
    return { value, place: `${source.file} is empty` };
  } catch (error) {
    return { value: '', place: `cannot read ${source.file}: ${errorCode(error)}` };
  }
}
