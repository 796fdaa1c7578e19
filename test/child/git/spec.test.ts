import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GitMessage } from '../../../src/api/initializer.ts';
import { parseGitSpec, persistentConfig } from '../../../src/child/git/spec.ts';
import {
  BASIC_AUTH,
  BASIC_AUTH_OTS,
  LOCAL_BRANCH,
  REMOTE_BRANCH,
  REMOTE_COMMIT,
} from '../support/request.ts';

const remoteUri = 'https://example.com/group/repo.git';
const basic = (authUser: string, authPassword: string): GitMessage => ({
  remoteUri,
  config: { authentication: BASIC_AUTH, authUser, authPassword },
});

const refusals: readonly [GitMessage, reason: string, message: RegExp][] = [
  [{ remoteUri }, 'InvalidSpec', /^Git initializer misses config$/],
  [{ config: {} }, 'InvalidSpec', /^git\.remoteUri: is missing$/],
  [{ remoteUri: 'ssh://h/r', config: {} }, 'InvalidSpec', /^git\.remoteUri: must start with http/],
  [
    { remoteUri: '--upload-pack=x', config: {} },
    'InvalidSpec',
    /^git\.remoteUri: .*start with '-'/,
  ],
  [
    { remoteUri: 'https://u:p@h/r', config: {} },
    'InvalidSpec',
    /^git\.remoteUri: may not hold a user/,
  ],
  [
    { remoteUri, config: {}, targetMode: LOCAL_BRANCH, cloneTarget: '--orphan=x' },
    'InvalidSpec',
    /^git\.cloneTarget: may not start with '-'$/,
  ],
  [
    { remoteUri, config: {}, targetMode: REMOTE_COMMIT, cloneTarget: '--upload-pack=touch x' },
    'InvalidSpec',
    /^git\.cloneTarget: may not start with '-'$/,
  ],
  [
    { remoteUri, config: {}, targetMode: REMOTE_COMMIT, cloneTarget: 'main:refs/heads/other' },
    'InvalidSpec',
    /^git\.cloneTarget: may not hold blanks/,
  ],
  [
    { remoteUri, config: {}, targetMode: REMOTE_COMMIT, cloneTarget: '+main' },
    'InvalidSpec',
    /^git\.cloneTarget: may not start with '\+'$/,
  ],
  [
    { remoteUri, config: {}, targetMode: REMOTE_COMMIT },
    'InvalidSpec',
    /^git\.cloneTarget: is missing$/,
  ],
  [
    { remoteUri, config: {}, targetMode: 77 as never },
    'InvalidSpec',
    /^git\.targetMode: 77 is unknown$/,
  ],
  [
    { remoteUri, config: {}, upstreamRemoteUri: '--upload-pack=x' },
    'InvalidSpec',
    /^git\.upstreamRemoteUri: .*start with '-'/,
  ],
  [
    { remoteUri, config: { authentication: BASIC_AUTH_OTS } },
    'InvalidSpec',
    /^git\.config\.authOts: is missing$/,
  ],
  [
    { remoteUri, config: { authentication: BASIC_AUTH_OTS, authOts: 'file:///etc/passwd' } },
    'InvalidSpec',
    /^git\.config\.authOts: must start with http/,
  ],
  [
    { remoteUri, config: { authentication: 9 as never } },
    'InvalidSpec',
    /^git\.config\.authentication: 9 is unknown$/,
  ],
  [
    { remoteUri, config: {}, targetMode: REMOTE_BRANCH },
    'InvalidSpec',
    /^git\.cloneTarget: is missing$/,
  ],
  [
    { remoteUri, config: {}, targetMode: REMOTE_BRANCH, cloneTarget: '--x' },
    'InvalidSpec',
    /^git\.cloneTarget: /,
  ],
  [
    { remoteUri, config: {}, checkoutLocation: 'a/../../b' },
    'InvalidSpec',
    /^git\.checkoutLocation: may not hold '\.\.'/,
  ],
  [
    { remoteUri, config: {}, checkoutLocation: '/abs' },
    'InvalidSpec',
    /^git\.checkoutLocation: must be relative/,
  ],
  [basic('', ''), 'InvalidSpec', /^git\.config\.authPassword: is missing/],
  [basic('a', 'b\nhost=evil'), 'InvalidSpec', /^git\.config\.authPassword: holds a line break/],
  [basic('a\0', 'b'), 'InvalidSpec', /^git\.config\.authUser: holds a line break or a NUL/],
  [
    { remoteUri, config: { customConfig: { nodot: 'x' } } },
    'InvalidSpec',
    /^git\.config\.customConfig: "nodot" /,
  ],
];

describe('the git initializer as it is asked for', () => {
  for (const [message, reason, text] of refusals) {
    test(`is refused: ${text.source}`, () => {
      assert.throws(() => parseGitSpec(message, 'git'), { reason, message: text });
    });
  }

  test('is taken apart', () => {
    const spec = parseGitSpec(
      {
        remoteUri: `${remoteUri}?token=secret`,
        upstreamRemoteUri: `${remoteUri}?upstream`,
        targetMode: REMOTE_BRANCH,
        cloneTarget: 'feature',
        branchRequired: true,
        checkoutLocation: './a//b/',
        fullClone: true,
        config: { authentication: BASIC_AUTH, authPassword: 'token' },
      },
      'composite[0].git',
    );
    assert.deepEqual(spec, {
      remoteUri: `${remoteUri}?token=secret`,
      repository: remoteUri,
      upstream: { uri: `${remoteUri}?upstream`, shown: remoteUri },
      target: { mode: 'remoteBranch', branch: 'feature', required: true },
      location: ['a', 'b'],
      full: true,
      login: { credentials: { user: 'git', password: 'token' } },
      config: [],
    });
  });

  test('gitlab.com is spoken to over HTTP/1.1, for good', () => {
    const spec = parseGitSpec({ remoteUri: 'https://gitlab.com/a/b', config: {} }, 'git');
    assert.deepEqual(persistentConfig(spec)[0], { key: 'http.version', value: 'HTTP/1.1' });
  });

  test('a message of a refusal holds no secret', () => {
    for (const message of [
      { remoteUri: 'https://alice:hunter2@h/r', config: {} },
      { remoteUri: 'https:// hunter2/r', config: {} },
      basic('a', 'hunter2\n'),
    ]) {
      assert.throws(
        () => parseGitSpec(message, 'git'),
        (error: Error) => !error.message.includes('hunter2'),
      );
    }
  });
});
