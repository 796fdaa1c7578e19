import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { content } from './support/content.ts';
import { invoke } from './support/invoke.ts';

describe('wscontent run ends with 2 for', () => {
  const invalid: readonly (readonly [string, string, RegExp])[] = [
    [
      'a hostPath outside of the data root',
      content({ empty: {} }, { hostPath: '/etc/one' }),
      /:1:\d+: spec\.hostPath: must be a path below .*\/data\/default\/$/m,
    ],
    ['no WorkspaceContent', 'kind: Secret\nmetadata: {name: s}', /holds no WorkspaceContent$/m],
    [
      'two of them',
      [content({ empty: {} }), content({ empty: {} }, {}, { name: 'two' })].join('\n---\n'),
      /holds 2 WorkspaceContents \(one, two\); run takes one$/m,
    ],
    [
      'a Secret that is missing',
      content({
        git: { remoteUri: 'http://127.0.0.1/', config: { authSecretRef: { name: 's' } } },
      }),
      /one needs the Secret s of the namespace default; put it into the same file/,
    ],
    [
      'a field that is wrong',
      content({ git: { remoteUri: 'ssh://x' } }),
      /^wscontent: standard input:1:\d+: spec\.initializer\.git\.remoteUri: must start with https/m,
    ],
    [
      'a suspended resource',
      content({ empty: {} }, { suspend: true }),
      /spec\.suspend: is true, so there is nothing to run$/m,
    ],
    ['malformed YAML', 'a: [', /^wscontent: standard input:1:\d+: malformed YAML: /m],
  ];
  for (const [name, text, message] of invalid) {
    test(name, async () => {
      const { exitCode, stdout, stderr } = await invoke(['run', '-f', '-'], { stdin: text });
      assert.equal(exitCode, 2);
      assert.equal(stdout, '');
      assert.match(stderr, message);
    });
  }
});
