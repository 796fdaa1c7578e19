import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ContentError } from '../../../src/api/errors.ts';
import { GitCommandError } from '../../../src/child/git/command.ts';
import { classifyGitFailure, gitFailure, remoteGitFailure } from '../../../src/child/git/errors.ts';
import { TransientFailure } from '../../../src/child/retry.ts';

const cases = [
  [
    "fatal: could not read Username for 'https://h': terminal prompts disabled",
    'GitAuthenticationFailed',
    false,
  ],
  [
    "fatal: could not read Password for 'https://u@h': terminal prompts disabled",
    'GitAuthenticationFailed',
    false,
  ],
  ["fatal: Authentication failed for 'https://h/r.git/'", 'GitAuthenticationFailed', false],
  [
    "remote: Repository not found.\nfatal: Authentication failed for 'https://h/r.git/'",
    'GitAuthenticationFailed',
    false,
  ],
  [
    "fatal: unable to access 'https://h/r/': The requested URL returned error: 403",
    'GitAuthenticationFailed',
    false,
  ],
  [
    "remote: Repository not found.\nfatal: repository 'https://h/r/' not found",
    'GitRepositoryNotFound',
    false,
  ],
  [
    "fatal: unable to access 'https://h/r/': The requested URL returned error: 410",
    'GitRepositoryNotFound',
    false,
  ],
  ['fatal: Remote branch nope not found in upstream origin', 'GitRefNotFound', false],
  ["fatal: couldn't find remote ref refs/heads/nope", 'GitRefNotFound', false],
  ["fatal: unable to access 'https://h/': Could not resolve host: h", 'GitRemoteUnavailable', true],
  [
    "fatal: unable to access 'https://h/': Failed to connect to h port 443: Connection refused",
    'GitRemoteUnavailable',
    true,
  ],
  [
    "fatal: unable to access 'https://h/': The requested URL returned error: 502",
    'GitRemoteUnavailable',
    true,
  ],
  [
    "fatal: unable to access 'https://h/': The requested URL returned error: 429",
    'GitRemoteUnavailable',
    true,
  ],
  [
    'error: RPC failed; HTTP 524 curl 22 The requested URL returned error: 524',
    'GitRemoteUnavailable',
    true,
  ],
  [
    'error: RPC failed; curl 56 Recv failure: Connection reset by peer\nfatal: early EOF',
    'GitRemoteUnavailable',
    true,
  ],
  ['fatal: the remote end hung up unexpectedly', 'GitRemoteUnavailable', true],
  [
    "fatal: unable to access 'https://h/': Operation too slow. Less than 1 bytes/sec transferred",
    'GitRemoteUnavailable',
    true,
  ],
  [
    "fatal: unable to access 'https://h/': server certificate verification failed. CAfile: none",
    'GitRemoteUnavailable',
    false,
  ],
  [
    "fatal: unable to access 'https://h/': SSL certificate problem: self-signed certificate",
    'GitRemoteUnavailable',
    false,
  ],
  [
    'fatal: https://h/info/refs not valid: is this a git repository?',
    'GitRemoteUnavailable',
    false,
  ],
  ["fatal: transport 'file' not allowed", 'GitRemoteUnavailable', false],
  [
    'fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output',
    'DestinationFull',
    false,
  ],
  ['error: unable to create file a: Disk quota exceeded', 'DestinationFull', false],
  ['fatal: could not create work tree dir: Read-only file system', 'DestinationReadOnly', false],
  ['fatal: cannot read: Input/output error', 'DestinationBroken', false],
  ['error: unable to create file a: Permission denied', 'DestinationFailed', false],
  [
    'remote: No space left on device\nfatal: the remote end hung up unexpectedly',
    'GitRemoteUnavailable',
    true,
  ],
  [
    'remote: Access denied\nfatal: the remote end hung up unexpectedly',
    'GitAuthenticationFailed',
    false,
  ],
  [
    "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://h/r.git/'",
    'GitAuthenticationFailed',
    false,
  ],
  ['fatal: Access denied to project', 'GitAuthenticationFailed', false],
  ['fatal: remote error: upload-pack: not our ref 1234', 'GitRefNotFound', false],
  ['error: Server does not allow request for unadvertised object 1234', 'GitRefNotFound', false],
  [
    "fatal: unable to access 'https://h/': Received HTTP code 407 from proxy after CONNECT",
    'GitRemoteUnavailable',
    false,
  ],
  [
    "fatal: unable to access 'https://h/': Could not resolve proxy: p",
    'GitRemoteUnavailable',
    true,
  ],
  ['remote: Authentication failed for fun\nfatal: something new', 'GitFailed', false],
  ['', 'GitFailed', false],
] as const;

describe("the classification of git's failures", () => {
  for (const [words, reason, transient] of cases) {
    test(`${words.split('\n').at(-1) || 'no words'} is ${reason}${transient ? ', tried again' : ''}`, () => {
      const found = classifyGitFailure(words);
      assert.deepEqual({ ...found, summary: '' }, { reason, transient, summary: '' });
      assert.notEqual(found.summary, '');
    });
  }

  const error = new GitCommandError('clone', {
    words: 'fatal: the remote end hung up unexpectedly',
    silent: false,
    exitCode: 128,
  });
  const message =
    'https://h/r: the connection to the git server broke; git said: fatal: the remote end hung up unexpectedly';

  test("a failure names the repository and keeps git's words", () => {
    const failure = gitFailure(error, 'https://h/r');
    assert.ok(failure instanceof ContentError);
    assert.equal(failure.message, message);
  });

  test('only a command that talks to a server fails transiently', () => {
    const failure = remoteGitFailure(error, 'https://h/r');
    assert.ok(failure instanceof TransientFailure);
    assert.equal(failure.failure.message, message);
  });

  test('what is no failure of git stays what it is', () => {
    const other = new Error('other');
    assert.equal(gitFailure(other, 'x'), other);
    assert.equal(remoteGitFailure(other, 'x'), other);
  });
});
