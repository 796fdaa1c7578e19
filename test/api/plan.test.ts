import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorReason } from '../../src/api/errors.ts';
import { decodeInitializer, describeInitializer } from '../../src/api/initializer.ts';
import { contentservice } from '../../src/api/initializer.generated.js';
import { planContent, secretNames, type SecretLookup } from '../../src/api/plan.ts';
import { resource } from './resources.ts';

const url = 'https://example.com/repo.git';
const noSecrets: SecretLookup = new Map();

function planned(spec: Record<string, unknown>, secrets = noSecrets): unknown {
  return describeInitializer(decodeInitializer(planContent(resource(spec), secrets).initializer));
}

test('a resource with defaults only is planned with the documented ones', () => {
  const { initializer: _initializer, ...plan } = planContent(
    resource({ initializer: { empty: {} } }),
    noSecrets,
  );
  assert.deepEqual(plan, {
    secrets: [],
    idMappings: [],
    runAsUser: 33333,
    runAsGroup: 33333,
    owner: { owner: '', workspaceID: '', instanceID: '0b6d3a2e-6a55-4b77-9a2c-5f0f2d6f7b11' },
    namespace: 'default',
    timeoutMs: 1_800_000,
  });
});

test('each initializer arrives in the message as it stands in the resource', () => {
  const git = { remoteUri: url, checkoutLocation: 'src', fullClone: true };
  const branch = { remoteUri: url, targetMode: 'REMOTE_BRANCH', cloneTarget: 'next' };
  const download = {
    files: [{ url: 'https://example.com/f', filePath: 'a/f', digest: `sha256:${'0'.repeat(64)}` }],
    targetLocation: 'files',
  };
  // proto3 leaves values out that are the type's default.
  const config = {};
  const table: [given: object, planned: object][] = [
    [{ empty: {} }, { empty: {} }],
    [{ git }, { git: { ...git, config } }],
    [{ git: branch }, { git: { ...branch, config } }],
    [
      { git: { ...branch, fallbackToDefaultBranch: true } },
      {
        git: { ...branch, config, fallbackToDefaultBranch: true },
      },
    ],
    [{ download }, { download }],
    [
      { composite: { initializer: [{ empty: {} }, { git }] } },
      { composite: { initializer: [{ empty: {} }, { git: { ...git, config } }] } },
    ],
  ];
  for (const [given, expected] of table)
    assert.deepEqual(planned({ initializer: given }), expected);
});

test('a message of another client is taken as it is', () => {
  const message = { git: { remoteUri: url, targetMode: 2, cloneTarget: 'next', config: {} } };
  const bytes = contentservice.WorkspaceInitializer.encode(message).finish();
  assert.deepEqual(planned({ initializerProto: Buffer.from(bytes).toString('base64') }), {
    git: {
      remoteUri: url,
      targetMode: 'REMOTE_BRANCH',
      cloneTarget: 'next',
      config: {},
      fallbackToDefaultBranch: true,
    },
  });
});

test('a basic-auth Secret becomes user and password, and the password is known as a secret', () => {
  const spec = {
    initializer: { git: { remoteUri: url, config: { authSecretRef: { name: 'login' } } } },
  };
  const password = '%20 "ä\' $(x)';
  const secrets = new Map([['login', { username: 'jo', password }]]);
  assert.deepEqual(secretNames(resource(spec).spec), ['login']);
  const { initializer, secrets: hidden } = planContent(resource(spec), secrets);
  const config = decodeInitializer(initializer).git?.config;
  assert.equal(config?.authUser, 'jo');
  assert.equal(config?.authPassword, password);
  assert.equal(config?.authentication, contentservice.GitAuthMethod.BASIC_AUTH);
  assert.deepEqual(hidden, [password]);
});

test('placeholders take their values from the Secret in spec.secretRef, also within a message', () => {
  const config = { authentication: 1, authUser: 'jo', authPassword: 'extracted-secret/token' };
  const message = { composite: { initializer: [{ git: { remoteUri: url, config } }] } };
  const bytes = contentservice.WorkspaceInitializer.encode(message).finish();
  const spec = {
    initializerProto: Buffer.from(bytes).toString('base64'),
    secretRef: { name: 'values' },
  };
  const plan = planContent(resource(spec), new Map([['values', { token: 'hush' }]]));
  const step = decodeInitializer(plan.initializer).composite?.initializer?.[0];
  assert.equal(step?.git?.config?.authPassword, 'hush');
  assert.deepEqual(plan.secrets, ['hush']);
});

test('the query of a download is a secret', () => {
  const file = {
    url: 'https://example.com/f?sig=abc',
    filePath: 'f',
    digest: `sha256:${'0'.repeat(64)}`,
  };
  const plan = planContent(resource({ initializer: { download: { files: [file] } } }), noSecrets);
  assert.deepEqual(plan.secrets, ['sig=abc']);
});

test('what cannot be planned is refused by reason and name', () => {
  const withRef = { git: { remoteUri: url, config: { authSecretRef: { name: 'login' } } } };
  const placeholder = { git: { remoteUri: url, config: { authPassword: 'extracted-secret/k' } } };
  const table: [spec: Record<string, unknown>, secrets: SecretLookup, ErrorReason, RegExp][] = [
    [{ initializer: withRef }, noSecrets, 'SecretNotFound', /Secret login /],
    [
      { initializer: withRef },
      new Map([['login', {}]]),
      'SecretNotFound',
      /login .* no key password/,
    ],
    [
      { initializer: placeholder },
      noSecrets,
      'InvalidSpec',
      /spec\.initializer\.git\.config\.authPassword: .*spec\.secretRef/,
    ],
    [
      { initializer: placeholder, secretRef: { name: 's' } },
      noSecrets,
      'SecretNotFound',
      /Secret s /,
    ],
    [
      { initializer: placeholder, secretRef: { name: 's' } },
      new Map([['s', {}]]),
      'SecretNotFound',
      /Secret s has no key k/,
    ],
    [{ initializerProto: 'AAAA' }, noSecrets, 'InvalidSpec', /initializer/],
  ];
  for (const [spec, secrets, reason, message] of table) {
    assert.throws(() => planContent(resource(spec), secrets), { reason, message });
  }
});
