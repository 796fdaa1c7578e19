import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { digest, file, git, manifest, url, validate, type Variant } from './support/manifest.ts';

describe('wscontent validate names the line, the field and what is wrong', () => {
  const cases: readonly (readonly [string, Variant, RegExp])[] = [
    [
      'a hostPath that is not absolute',
      { spec: 'hostPath: data' },
      /^standard input:7:3: spec\.hostPath: must be an absolute path$/,
    ],
    [
      '.. in hostPath',
      { spec: 'hostPath: /a/../b' },
      /spec\.hostPath: must be in its shortest form/,
    ],
    [
      '.. in checkoutLocation',
      git('checkoutLocation: "../x"'),
      /:6:\d+: spec\.initializer\.git\.checkoutLocation: may not hold '\.\.'/,
    ],
    [
      '.. in filePath',
      file(`url: "${url}", filePath: "a/../../b", digest: "${digest}"`),
      /spec\.initializer\.download\.files\[0\]\.filePath: must name a file/,
    ],
    [
      'a missing digest',
      file(`url: "${url}", filePath: a`),
      /spec\.initializer\.download\.files\[0\]\.digest: is required$/,
    ],
    [
      'a malformed digest',
      file(`url: "${url}", filePath: a, digest: "sha256:12"`),
      /files\[0\]\.digest: must be sha256, sha384 or sha512/,
    ],
    [
      'an ssh URL',
      { initializer: '{git: {remoteUri: "ssh://git@example.com/r"}}' },
      /spec\.initializer\.git\.remoteUri: must start with https:\/\/ or http:\/\/$/,
    ],
    [
      'a URL that starts with -',
      { initializer: '{git: {remoteUri: "--upload-pack=x"}}' },
      /remoteUri: must start with https:\/\/ or http:\/\/$/,
    ],
    [
      'a file URL to download',
      file(`url: "file:///etc/passwd", filePath: a, digest: "${digest}"`),
      /files\[0\]\.url: must start with https:/,
    ],
    [
      'a password in the URL',
      { initializer: '{git: {remoteUri: "https://u:hunter2@example.com/r"}}' },
      /remoteUri: may not hold a user or password; put them into a Secret$/,
    ],
    [
      'a branch that starts with -',
      git('targetMode: REMOTE_BRANCH, cloneTarget: "-x"'),
      /git\.cloneTarget: must be a branch name/,
    ],
    [
      'a target mode without its target',
      git('targetMode: REMOTE_COMMIT'),
      /git\.cloneTarget: cloneTarget is required/,
    ],
    [
      'a mistyped field',
      git('checkoutLocatoin: x'),
      /git\.checkoutLocatoin: is not a known field; did you mean checkoutLocation\?$/,
    ],
    [
      'an unknown field',
      { spec: 'colour: red' },
      /:7:3: spec\.colour: is not a known field; known are nodeName,/,
    ],
    ['a wrong type', { spec: 'runAsUser: me' }, /spec\.runAsUser: must be a whole number$/],
    ['root as owner', { spec: 'runAsUser: 0' }, /spec\.runAsUser: must be at least 1$/],
    [
      'a word that is none of the allowed',
      { spec: 'deletionPolicy: Keep' },
      /spec\.deletionPolicy: must be one of Retain, Delete$/,
    ],
    [
      'a timeout that is none',
      { spec: 'timeout: soon' },
      /spec\.timeout: must be a duration between 1s and 24h/,
    ],
    [
      'two initializers',
      { initializer: '{empty: {}, backup: {}}' },
      /:6:3: spec\.initializer: set exactly one of empty/,
    ],
    ['no initializer', { initializer: '{}' }, /spec\.initializer: set exactly one of empty/],
    [
      'a composite in a composite',
      { initializer: '{composite: {initializer: [{composite: {}}]}}' },
      /composite\.initializer\[0\]: each step sets exactly one of/,
    ],
    [
      'a placeholder without a Secret',
      git('config: {authPassword: "extracted-secret/pw"}'),
      /spec\.initializer\.git\.config\.authPassword: stands for a key of the Secret in spec\.secretRef/,
    ],
    [
      'a name that is none',
      { metadata: '{name: One}' },
      /:3:\d+: metadata\.name: must be text of at most 253 lower-case/,
    ],
    ['no name', { metadata: '{}' }, /:3:\d+: metadata\.name: is required$/],
    [
      'a namespace that is none',
      { metadata: '{name: one, namespace: a.b}' },
      /metadata\.namespace: must be text of at most 63/,
    ],
  ];
  for (const [name, variant, message] of cases) {
    test(name, async () => {
      const { exitCode, stdout, stderr } = await validate(manifest(variant));
      assert.equal(exitCode, 2);
      assert.equal(stdout, '');
      assert.match(stderr.trimEnd(), message);
      assert.doesNotMatch(stderr, /hunter2/);
    });
  }

  test('all problems at once, in the order of the file', async () => {
    const { stderr } = await validate(
      manifest({
        metadata: '{name: One}',
        initializer: '{git: {remoteUri: "x:y"}}',
        spec: 'colour: red',
      }),
    );
    const fields = stderr
      .trimEnd()
      .split('\n')
      .map((line) => line.split(': ')[1]);
    assert.deepEqual(fields, ['metadata.name', 'spec.initializer.git.remoteUri', 'spec.colour']);
  });
});
