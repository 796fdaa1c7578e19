import { parseDuration } from '../api/durations.ts';
import {
  type CredentialSources,
  type StorageConfig,
  StorageConfigError,
  type StoreConfig,
  type ValueSource,
} from './config.ts';
import { Section } from './config-section.ts';
import { fillTemplate, isBucketName, placeholders } from './location.ts';

const storeName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

const storeFields = [
  'endpoint',
  'region',
  'pathStyle',
  'namespaces',
  'snapshotPrefix',
  'backupBucket',
  'backupObject',
  'credentials',
  'caFile',
  'proxy',
  'maxPresignExpiry',
] as const;

const values = ['accessKey', 'secretKey', 'sessionToken'] as const;

const backupPlaceholders = new Set(['namespace', 'owner', 'workspaceID']);

const defaults = {
  region: 'us-east-1',
  backupBucket: 'gitpod-user-{owner}',
  backupObject: 'workspaces/{workspaceID}/full.tar',
  // The longest that S3 allows.
  maxPresignExpiry: '168h',
};

/** Where S3's own tools look for credentials. */
const usualVariables = {
  accessKey: { variable: 'AWS_ACCESS_KEY_ID' },
  secretKey: { variable: 'AWS_SECRET_ACCESS_KEY' },
  sessionToken: { variable: 'AWS_SESSION_TOKEN' },
};

/**
 * Checks a configuration and fills its defaults in. Throws StorageConfigError with all that is wrong,
 * each with its field and what to write instead; values are not repeated, they may be secrets.
 */
export function parseStorageConfig(document: unknown, file: string): StorageConfig {
  const problems: string[] = [];
  const root = new Section(document, '', ['default', 'stores'], problems);
  const stores = new Map<string, StoreConfig>();
  for (const [name, value] of root.entries('stores', 'such as stores: {main: {endpoint: ...}}')) {
    if (!storeName.test(name)) {
      problems.push(
        `stores: ${JSON.stringify(name)} is no name for a store: use at most 63 letters, digits, '.', '_' and '-'`,
      );
    }
    const section = new Section(value, `stores.${name}`, storeFields, problems);
    stores.set(name, parseStore(name, section));
  }
  const defaultStore = parseDefault(root, [...stores.keys()]);
  if (problems.length > 0) throw new StorageConfigError(file, problems);
  return { defaultStore, stores };
}

function parseDefault(root: Section, names: readonly string[]): string {
  const [first = '', ...others] = names;
  const named = root.text('default');
  const known = names.join(', ');
  if (named === undefined) {
    if (others.length > 0)
      root.problem('default', `is required with several stores: one of ${known}`);
    return first;
  }
  if (!names.includes(named)) root.problem('default', `names no store; there are: ${known}`);
  return named;
}

function parseStore(name: string, section: Section): StoreConfig {
  const caFile = parsePath(section, 'caFile');
  const proxy = parseProxy(section);
  const namespaces = section.texts('namespaces');
  const snapshotPrefix = parsePrefix(section);
  return {
    name,
    endpoint: parseEndpoint(section),
    region: section.text('region') ?? defaults.region,
    pathStyle: section.boolean('pathStyle') ?? true,
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(snapshotPrefix === undefined ? {} : { snapshotPrefix }),
    ...parseBackup(section),
    credentials: parseCredentials(section),
    ...(caFile === undefined ? {} : { caFile }),
    ...(proxy === undefined ? {} : { proxy }),
    maxPresignExpiryMs: parseExpiry(section),
  };
}

function parseEndpoint(section: Section): string {
  const text = section.text('endpoint', 'such as https://s3.example.com');
  if (text === undefined) return '';
  const url = parseHttpUrl(text);
  const bare = url !== undefined && `${url.pathname}${url.search}${url.hash}` === '/';
  if (!bare || url.username !== '' || url.password !== '') {
    section.problem(
      'endpoint',
      'must be the origin of the S3 API, such as https://s3.example.com: no user, no path, no query',
    );
  }
  return url?.origin ?? '';
}

function parseProxy(section: Section): string | undefined {
  const text = section.text('proxy');
  if (text === undefined) return undefined;
  const url = parseHttpUrl(text);
  if (url === undefined) section.problem('proxy', 'must be a URL such as http://proxy:3128');
  return url?.href;
}

function parseHttpUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) ? url : undefined;
}

function parsePrefix(section: Section): string | undefined {
  const prefix = section.text('snapshotPrefix');
  if (prefix === undefined) return undefined;
  const unknown = placeholders(prefix).find((each) => each !== 'namespace');
  if (unknown !== undefined) {
    section.problem('snapshotPrefix', `knows {namespace}, but not {${unknown}}`);
  }
  if (!prefix.endsWith('/') || prefix.startsWith('/')) {
    section.problem(
      'snapshotPrefix',
      'must end with a slash and not start with one, such as {namespace}/',
    );
  }
  return prefix;
}

function parseBackup(section: Section): Pick<StoreConfig, 'backupBucket' | 'backupObject'> {
  const backupBucket = section.text('backupBucket') ?? defaults.backupBucket;
  const backupObject = section.text('backupObject') ?? defaults.backupObject;
  for (const [field, template] of Object.entries({ backupBucket, backupObject })) {
    const unknown = placeholders(template).find((each) => !backupPlaceholders.has(each));
    if (unknown !== undefined) {
      section.problem(field, `knows {namespace}, {owner} and {workspaceID}, but not {${unknown}}`);
    }
  }
  if (
    !isBucketName(
      fillTemplate(backupBucket, { namespace: 'ns', owner: 'owner', workspaceID: 'id' }),
    )
  ) {
    section.problem('backupBucket', "must be a bucket's name, such as gitpod-user-{owner}");
  }
  if (!placeholders(backupObject).includes('workspaceID')) {
    section.problem('backupObject', 'must hold {workspaceID}, or workspaces would share a backup');
  }
  return { backupBucket, backupObject };
}

function parseCredentials(store: Section): CredentialSources {
  const fields = values.flatMap((name) => [`${name}File`, `${name}Variable`]);
  const section = store.section('credentials', fields);
  if (section === undefined) return usualVariables;
  const accessKey = parseSource(section, 'accessKey', true);
  const secretKey = parseSource(section, 'secretKey', true);
  const sessionToken = parseSource(section, 'sessionToken', false);
  return {
    accessKey: accessKey ?? usualVariables.accessKey,
    secretKey: secretKey ?? usualVariables.secretKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

function parseSource(section: Section, name: string, required: boolean): ValueSource | undefined {
  const file = parsePath(section, `${name}File`);
  const variable = section.text(`${name}Variable`);
  if (file !== undefined && variable !== undefined) {
    section.problem(`${name}File`, `cannot stand beside ${name}Variable: leave one of them out`);
  }
  if (file !== undefined) return { file };
  if (variable !== undefined) return { variable };
  if (required) section.problem(`${name}File`, `is required, or ${name}Variable`);
  return undefined;
}

function parsePath(section: Section, name: string): string | undefined {
  const path = section.text(name);
  if (path !== undefined && !path.startsWith('/')) {
    section.problem(name, 'must be an absolute path');
  }
  return path;
}

function parseExpiry(section: Section): number {
  const text = section.text('maxPresignExpiry') ?? defaults.maxPresignExpiry;
  const longest = parseDuration(defaults.maxPresignExpiry);
  try {
    const ms = parseDuration(text);
    if (ms >= 60_000 && ms <= longest) return ms;
  } catch {
    // Said below, in this file's own words.
  }
  section.problem('maxPresignExpiry', 'must be a duration from 1m to 168h, such as 12h');
  return longest;
}
