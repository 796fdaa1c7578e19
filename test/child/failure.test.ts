import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ContentError } from '../../src/api/errors.ts';
import { toFailure, withStep } from '../../src/child/failure.ts';
import { createRedactor } from '../../src/child/redact.ts';
import { bounded, boundedEnd, printable } from '../../src/child/text.ts';

const running = new AbortController().signal;
const plain = createRedactor([]);

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it did not work, write`), { code });
}

describe('a failure as the host is told of it', () => {
  const codes = [
    ['ENOSPC', 'DestinationFull'],
    ['EDQUOT', 'DestinationFull'],
    ['EROFS', 'DestinationReadOnly'],
    ['EIO', 'DestinationBroken'],
    ['ENFILE', 'TooManyOpenFiles'],
    ['EACCES', 'DestinationFailed'],
    ['EPERM', 'DestinationFailed'],
    ['ELOOP', 'PathNotAllowed'],
    ['ENAMETOOLONG', 'InvalidSpec'],
    ['EWHATEVER', 'InternalError'],
    ['toString', 'InternalError'],
  ] as const;
  for (const [code, reason] of codes) {
    test(`${code} is ${reason}`, () => {
      assert.equal(toFailure(systemError(code), plain, running).reason, reason);
    });
  }

  test('keeps reason, message and step of a ContentError', () => {
    const error = new ContentError('GitFailed', 'no %20 luck', { step: 'git' });
    assert.deepEqual(toFailure(error, plain, running), {
      reason: 'GitFailed',
      message: 'no %20 luck',
      step: 'git',
    });
  });

  test('takes anything that is thrown', () => {
    for (const thrown of [undefined, null, 'text', 7, {}, new Error(''), Object.create(null)]) {
      const { reason, message } = toFailure(thrown, plain, running);
      assert.equal(reason, 'InternalError');
      assert.notEqual(message, '');
    }
  });

  test('is an interruption once the run was stopped', () => {
    assert.equal(toFailure(new Error('any'), plain, AbortSignal.abort()).reason, 'Interrupted');
  });

  test('is bounded, printable and without secrets', () => {
    const secret = 'pässword%';
    const text = `\u001b[31mred\u0007 ${secret} ${encodeURIComponent(secret)} ${'x'.repeat(1e5)}`;
    const { message } = toFailure(new Error(text), createRedactor([secret]), running);
    assert.equal(
      message.slice(0, 67),
      'unexpected in the sandbox: Error: [31mred [redacted] [redacted] xxx',
    );
    assert.ok(message.length <= 6 * 1024);
  });

  test('gets the step that it happened in, the innermost', () => {
    const named = withStep(systemError('ENOSPC'), 'composite[0].git');
    assert.deepEqual(toFailure(withStep(named, 'composite'), plain, running), {
      reason: 'DestinationFull',
      message: 'ENOSPC: it did not work, write',
      step: 'composite[0].git',
    });
  });
});

describe('redaction', () => {
  test('finds a secret in every form that tools print', () => {
    const secret = 'a"b\\c d/é';
    const redact = createRedactor([secret, '', 'ab', secret]);
    const forms = [
      secret,
      encodeURIComponent(secret),
      encodeURI(secret),
      Buffer.from(secret).toString('base64'),
      JSON.stringify(secret).slice(1, -1),
    ];
    for (const form of forms) assert.equal(redact(`x${form}y`), 'x[redacted]y');
    assert.equal(redact('ab'), 'ab');
  });

  test('hides the longer of two secrets whole', () => {
    assert.equal(createRedactor(['pass', 'password'])('the password'), 'the [redacted]');
  });

  test('takes any secret', () => {
    const secrets = fc.string({ unit: 'binary', minLength: 3 });
    fc.assert(
      fc.property(
        secrets.filter((secret) => !secret.includes('|')),
        (secret) => assert.equal(createRedactor([secret])(`|${secret}|`), '|[redacted]|'),
      ),
    );
  });
});

describe('text', () => {
  test('is made printable, line by line', () => {
    assert.equal(printable(' a\u0000\t b \r\n\n c\u202e\u009b1m '), 'a b\nc 1m');
  });

  test('is bounded at either end', () => {
    assert.equal(bounded('abcdef', 4), 'abc…');
    assert.equal(boundedEnd('abcdef', 4), '…def');
    assert.equal(bounded('abcd', 4), boundedEnd('abcd', 4));
  });
});
