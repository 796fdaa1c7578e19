/** Where objects lie: names of snapshots and backups, and the URLs of objects. Pure. */
import { ContentError } from '../api/errors.ts';
import type { ContentOwner } from '../api/protocol.ts';
import type { StoreConfig } from './config.ts';

export interface Location {
  readonly bucket: string;
  readonly object: string;
}

/** Bytes of an object's name, as S3 has it. */
const maxObjectBytes = 1024;

/** Reads `object@bucket`; an object's name may hold an @ itself. Throws InvalidSpec. */
export function parseSnapshotName(name: string, step: string): Location {
  const at = name.lastIndexOf('@');
  const [object, bucket] = [name.slice(0, Math.max(at, 0)), name.slice(at + 1)];
  const problem =
    at === -1 || object === ''
      ? 'it must be of the form object@bucket'
      : findProblem({ bucket, object });
  if (problem !== undefined) {
    throw new ContentError(
      'InvalidSpec',
      `${step}: ${JSON.stringify(name)} is no name of a snapshot: ${problem}`,
      { step },
    );
  }
  return { bucket, object };
}

/**
 * Where the owner's backup of the workspace lies, or which of `spec.owner` and `spec.workspaceID` is
 * needed to know it and not there. Throws InvalidSpec when they make a name that no object can have.
 */
export function backupLocation(
  store: StoreConfig,
  namespace: string,
  { owner, workspaceID }: ContentOwner,
): Location | { missing: string } {
  const values = { namespace, owner, workspaceID };
  const needed = placeholders(store.backupBucket + store.backupObject);
  for (const [name, value] of Object.entries(values)) {
    if (value === '' && needed.includes(name)) return { missing: `spec.${name}` };
  }
  const location = {
    bucket: fillTemplate(store.backupBucket, values),
    object: fillTemplate(store.backupObject, values),
  };
  const problem = findProblem(location);
  if (problem !== undefined) {
    throw new ContentError(
      'InvalidSpec',
      `spec.owner and spec.workspaceID make no place for a backup in the object store ${store.name}: ${problem}`,
    );
  }
  return location;
}

/** The object's URL, its name percent-encoded once. Throws InvalidSpec when the store cannot have it. */
export function objectUrl(store: StoreConfig, location: Location): URL {
  const { bucket, object } = location;
  const problem = findProblem(location) ?? (store.pathStyle ? undefined : findHostProblem(bucket));
  if (problem !== undefined) {
    throw new ContentError('InvalidSpec', `the object store ${store.name}: ${problem}`);
  }
  const { protocol, host } = new URL(store.endpoint);
  const path = object.split('/').map(encodeStrictly).join('/');
  return new URL(
    store.pathStyle
      ? `${protocol}//${host}/${encodeStrictly(bucket)}/${path}`
      : `${protocol}//${bucket}.${host}/${path}`,
  );
}

export function isBucketName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(name) && !name.includes('..');
}

/** Names that stand in braces. */
export function placeholders(template: string): string[] {
  return [...template.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name ?? '');
}

export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{([^}]*)\}/g, (text, name: string) => values[name] ?? text);
}

function findProblem({ bucket, object }: Location): string | undefined {
  if (!isBucketName(bucket)) {
    return `${JSON.stringify(bucket)} is no name of a bucket`;
  }
  if (object === '') return 'the name of the object is empty';
  if (!object.isWellFormed()) return 'the name of the object is no valid Unicode';
  if (Buffer.byteLength(object) > maxObjectBytes) {
    return `the name of the object has more than ${maxObjectBytes} bytes`;
  }
  // URLs know no other meaning of them: each client would take them away, and ask for another object.
  if (object.split('/').some((part) => part === '.' || part === '..')) {
    return 'the name of the object holds . or .. as a part of its path';
  }
  return undefined;
}

function findHostProblem(bucket: string): string | undefined {
  return /^[a-z0-9.-]{3,63}$/.test(bucket)
    ? undefined
    : `the bucket ${bucket} cannot be part of a host name, which the store needs without pathStyle: true`;
}

/** Percent-encodes all that RFC 3986 does not call unreserved, as signatures want it. */
function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
