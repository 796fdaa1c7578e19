import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contentservice } from '../../src/api/initializer.generated.js';
import { digest, git, manifest, url, validate } from './support/manifest.ts';

describe('wscontent validate of what is valid', () => {
  test('says so, and which Secrets it did not see', async () => {
    const { exitCode, stdout, stderr } = await validate(
      manifest(git('config: {authSecretRef: {name: s}}')),
    );
    assert.equal(stderr, '');
    assert.equal(exitCode, 0);
    assert.equal(
      stdout,
      'standard input: default/one is valid\n' +
        '  it needs the Secret s in the namespace default, which was not checked\n',
    );
  });

  test('checks each of several documents', async () => {
    const bad = manifest({ metadata: '{name: two}', spec: 'colour: red' });
    const { exitCode, stdout, stderr } = await validate([manifest({}), bad].join('\n---\n'));
    assert.equal(exitCode, 2);
    assert.equal(stdout, 'standard input: default/one is valid\n');
    assert.match(stderr, /^standard input:14:3: spec\.colour: is not a known field/);
  });

  test('checks each item of a List, as kubectl prints it', async () => {
    const items = ['one', 'Two'].map((name) => ({
      apiVersion: 'workspacecontent.dev/v1alpha1',
      kind: 'WorkspaceContent',
      metadata: { name, namespace: 'team' },
      spec: { nodeName: 'demo', initializer: { empty: {} } },
    }));
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, undefined, 1);
    const { exitCode, stdout, stderr } = await validate(list);
    assert.equal(exitCode, 2);
    assert.equal(stdout, 'standard input: team/one is valid\n');
    assert.match(stderr, /^standard input:23:5: metadata\.name: must be text/);
  });

  test('a key that the Secret of the file does not have is a problem', async () => {
    const secret = 'kind: Secret\nmetadata: {name: s}\nstringData: {user: me}';
    const { exitCode, stderr } = await validate(
      [manifest(git('config: {authSecretRef: {name: s}}')), secret].join('\n---\n'),
    );
    assert.equal(exitCode, 2);
    assert.match(
      stderr,
      /spec\.initializer: the Secret s that config\.authSecretRef names has no key password/,
    );
  });

  test('reads YAML as kubectl does', async () => {
    const { stdout } = await validate(
      manifest({ spec: 'suspend: yes', metadata: '{name: 1-30, labels: {since: 2024-01-31}}' }),
      '-o',
      'json',
    );
    const { spec, metadata } = JSON.parse(stdout) as {
      spec: { suspend: boolean };
      metadata: object;
    };
    assert.equal(spec.suspend, true);
    assert.deepEqual(metadata, {
      name: '1-30',
      labels: { since: '2024-01-31' },
      namespace: 'default',
    });
  });

  test('-o json fills defaults in and hides secrets', async () => {
    const { exitCode, stdout } = await validate(
      manifest({
        metadata:
          '{name: one, annotations: {"kubectl.kubernetes.io/last-applied-configuration": "hunter2"}}',
        initializer: `{composite: {initializer: [{git: {remoteUri: "${url}", config: {authentication: BASIC_AUTH, authUser: me, authPassword: hunter2}}}, {download: {files: [{url: "https://example.com/f?sig=hunter2", filePath: f, digest: "${digest}"}]}}]}}`,
      }),
      '-o',
      'json',
    );
    assert.equal(exitCode, 0);
    assert.doesNotMatch(stdout, /hunter2/);
    const { spec } = JSON.parse(stdout) as { spec: Record<string, unknown> };
    assert.deepEqual(spec, {
      nodeName: 'demo',
      runAsUser: 33333,
      runAsGroup: 33333,
      timeout: '30m',
      backoffLimit: 3,
      deletionPolicy: 'Retain',
      suspend: false,
      existingContent: 'Refuse',
      initializer: {
        composite: {
          initializer: [
            {
              git: {
                remoteUri: url,
                targetMode: 'REMOTE_HEAD',
                fallbackToDefaultBranch: false,
                checkoutLocation: '',
                fullClone: false,
                config: {
                  authentication: 'BASIC_AUTH',
                  authUser: 'me',
                  authPassword: '[redacted]',
                },
              },
            },
            {
              download: {
                files: [{ url: 'https://example.com/f?[redacted]', filePath: 'f', digest }],
                targetLocation: '',
              },
            },
          ],
        },
      },
    });
  });

  test('-o json decodes initializerProto', async () => {
    const message = contentservice.WorkspaceInitializer.encode({
      composite: {
        initializer: [
          {
            git: {
              remoteUri: url,
              targetMode: contentservice.CloneTargetMode.REMOTE_BRANCH,
              cloneTarget: 'dev',
              config: { authPassword: 'hunter2' },
            },
          },
          { empty: {} },
        ],
      },
    }).finish();
    const text = manifest({}).replace(
      'initializer: {empty: {}}',
      `initializerProto: ${Buffer.from(message).toString('base64')}`,
    );
    const { exitCode, stdout, stderr } = await validate(text, '-o', 'json');
    assert.equal(stderr, '');
    assert.equal(exitCode, 0);
    const { spec } = JSON.parse(stdout) as {
      spec: { initializer: unknown; initializerProto?: unknown };
    };
    assert.equal(spec.initializerProto, undefined);
    assert.match(
      JSON.stringify(spec.initializer),
      /"targetMode":"REMOTE_BRANCH","cloneTarget":"dev"/,
    );
    assert.doesNotMatch(stdout, /hunter2/);
  });

  test('an initializerProto that is no message is a problem', async () => {
    const text = manifest({}).replace('initializer: {empty: {}}', 'initializerProto: AAAA');
    const { exitCode, stderr } = await validate(text);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^standard input:6:3: spec\.initializerProto: /);
  });
});
