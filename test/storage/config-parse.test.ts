import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseStorageConfig } from '../../src/storage/config-parse.ts';
import { StorageConfigError } from '../../src/storage/config.ts';

const store = { endpoint: 'https://s3.example.com' };
const credentials = { accessKeyFile: '/run/access', secretKeyFile: '/run/secret' };

const problemsOf = (document: unknown): readonly string[] => {
  try {
    parseStorageConfig(document, 'storage.yaml');
  } catch (error) {
    assert.ok(error instanceof StorageConfigError);
    return error.problems;
  }
  return [];
};

test('an endpoint is enough: the rest has defaults', () => {
  const { defaultStore, stores } = parseStorageConfig({ stores: { main: store } }, 'storage.yaml');
  assert.equal(defaultStore, 'main');
  assert.deepEqual(stores.get('main'), {
    name: 'main',
    endpoint: 'https://s3.example.com',
    region: 'us-east-1',
    pathStyle: true,
    backupBucket: 'gitpod-user-{owner}',
    backupObject: 'workspaces/{workspaceID}/full.tar',
    credentials: {
      accessKey: { variable: 'AWS_ACCESS_KEY_ID' },
      secretKey: { variable: 'AWS_SECRET_ACCESS_KEY' },
      sessionToken: { variable: 'AWS_SESSION_TOKEN' },
    },
    maxPresignExpiryMs: 604_800_000,
  });
});

test('every field is taken over', () => {
  const document = {
    default: 'two',
    stores: {
      one: store,
      two: {
        endpoint: 'http://minio.storage.svc:9000/',
        region: 'eu-central-1',
        pathStyle: false,
        namespaces: ['team-a', 'team-b'],
        snapshotPrefix: '{namespace}/',
        backupBucket: 'backups',
        backupObject: '{owner}/{workspaceID}.tar',
        credentials: { accessKeyVariable: 'A', secretKeyFile: '/s', sessionTokenFile: '/t' },
        caFile: '/ca.pem',
        proxy: 'http://user:password@proxy:3128',
        maxPresignExpiry: '1h30m',
      },
    },
  };
  const { defaultStore, stores } = parseStorageConfig(document, 'storage.yaml');
  assert.deepEqual([defaultStore, [...stores.keys()]], ['two', ['one', 'two']]);
  assert.deepEqual(stores.get('two'), {
    name: 'two',
    endpoint: 'http://minio.storage.svc:9000',
    region: 'eu-central-1',
    pathStyle: false,
    namespaces: ['team-a', 'team-b'],
    snapshotPrefix: '{namespace}/',
    backupBucket: 'backups',
    backupObject: '{owner}/{workspaceID}.tar',
    credentials: {
      accessKey: { variable: 'A' },
      secretKey: { file: '/s' },
      sessionToken: { file: '/t' },
    },
    caFile: '/ca.pem',
    proxy: 'http://user:password@proxy:3128/',
    maxPresignExpiryMs: 5_400_000,
  });
});

describe('what is wrong is said with its field and what to write', () => {
  const main = (fields: object): unknown => ({ stores: { main: { ...store, ...fields } } });
  const table: [what: string, document: unknown, problem: RegExp][] = [
    ['nothing', null, /^must be a mapping with default, stores$/],
    ['a list', [], /^must be a mapping/],
    ['no stores', {}, /^stores: is required, such as/],
    ['stores without one', { stores: {} }, /^stores: is required/],
    [
      'a mistyped field',
      { stores: { main: store }, defualt: 'a' },
      /^defualt: is no field: is default meant\?$/,
    ],
    [
      'a mistyped field of a store',
      main({ pathstyle: true }),
      /^stores\.main\.pathstyle: .* pathStyle meant/,
    ],
    [
      'a secret in the file',
      main({ credentials: { ...credentials, secretKey: 'hush' } }),
      /^stores\.main\.credentials\.secretKey: is no field: /,
    ],
    [
      'an unknown default',
      { default: 'x', stores: { main: store } },
      /^default: names no store; there are: main$/,
    ],
    [
      'two stores, no default',
      { stores: { a: store, b: store } },
      /^default: is required with several stores: one of a, b$/,
    ],
    ["a store's bad name", { stores: { 'a/b': store } }, /^stores: "a\/b" is no name/],
    ['a store that is none', { stores: { main: 'x' } }, /^stores\.main: must be a mapping/],
    [
      'no endpoint',
      { stores: { main: {} } },
      /^stores\.main\.endpoint: is required, such as https/,
    ],
    [
      'an endpoint without scheme',
      main({ endpoint: 's3.test:9000' }),
      /^stores\.main\.endpoint: must be the origin/,
    ],
    ['an endpoint with a path', main({ endpoint: 'https://s3.test/bucket' }), /no path/],
    ['an endpoint with a user', main({ endpoint: 'https://u:hush@s3.test' }), /no user/],
    ['a number for a text', main({ region: 1 }), /^stores\.main\.region: must be a text/],
    ['an empty text', main({ region: ' ' }), /^stores\.main\.region: must be a text/],
    [
      'a text for a boolean',
      main({ pathStyle: 'yes' }),
      /^stores\.main\.pathStyle: must be true or false$/,
    ],
    [
      'an unknown placeholder',
      main({ backupBucket: 'x-{user}' }),
      /^stores\.main\.backupBucket: knows \{namespace\}, \{owner\} and \{workspaceID\}, but not \{user\}$/,
    ],
    [
      'a text for a list',
      main({ namespaces: 'team-a' }),
      /^stores\.main\.namespaces: must be a list of texts/,
    ],
    ['an empty list', main({ namespaces: [] }), /^stores\.main\.namespaces: must be a list/],
    ['a number in a list', main({ namespaces: ['a', 1] }), /^stores\.main\.namespaces: must be/],
    [
      'an unknown placeholder of a prefix',
      main({ snapshotPrefix: '{owner}/' }),
      /^stores\.main\.snapshotPrefix: knows \{namespace\}, but not \{owner\}$/,
    ],
    [
      'a prefix that another name may begin with',
      main({ snapshotPrefix: '{namespace}' }),
      /^stores\.main\.snapshotPrefix: must end with a slash/,
    ],
    [
      'a bad bucket',
      main({ backupBucket: 'a/{owner}' }),
      /^stores\.main\.backupBucket: must be a bucket's name/,
    ],
    [
      'one backup for all',
      main({ backupObject: 'full.tar' }),
      /^stores\.main\.backupObject: must hold \{workspaceID\}/,
    ],
    [
      'half of the credentials',
      main({ credentials: { accessKeyFile: '/a' } }),
      /secretKeyFile: is required, or secretKeyVariable$/,
    ],
    [
      'two sources',
      main({ credentials: { ...credentials, secretKeyVariable: 'S' } }),
      /secretKeyFile: cannot stand beside secretKeyVariable/,
    ],
    [
      'a relative path',
      main({ caFile: 'ca.pem' }),
      /^stores\.main\.caFile: must be an absolute path$/,
    ],
    [
      'a proxy that is no URL',
      main({ proxy: 'hush@proxy' }),
      /^stores\.main\.proxy: must be a URL such as/,
    ],
    [
      'a proxy of another kind',
      main({ proxy: 'ftp://hush@proxy' }),
      /^stores\.main\.proxy: must be a URL/,
    ],
    [
      'no duration',
      main({ maxPresignExpiry: 'soon' }),
      /^stores\.main\.maxPresignExpiry: must be a duration/,
    ],
    ['too short', main({ maxPresignExpiry: '59s' }), /from 1m to 168h/],
    ['longer than S3 allows', main({ maxPresignExpiry: '169h' }), /from 1m to 168h/],
  ];
  for (const [what, document, pattern] of table) {
    test(what, () => {
      const problems = problemsOf(document);
      assert.equal(
        problems.filter((problem) => pattern.test(problem)).length,
        1,
        problems.join('\n'),
      );
      assert.doesNotMatch(problems.join('\n'), /hush/);
    });
  }

  test('all at once, each with the name of the file', () => {
    const parse = (): unknown =>
      parseStorageConfig(main({ region: 1, proxy: 'x' }), '/etc/storage.yaml');
    assert.throws(parse, (error: Error) => {
      const lines = error.message.split('\n');
      assert.deepEqual(
        lines.map((line) => line.split(': ').slice(0, 2)),
        [
          ['/etc/storage.yaml', 'stores.main.proxy'],
          ['/etc/storage.yaml', 'stores.main.region'],
        ],
      );
      return true;
    });
  });
});
