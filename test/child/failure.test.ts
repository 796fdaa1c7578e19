import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ContentError } from '../../src/api/errors.ts';
import { createRedactor } from '../../src/api/redact.ts';
import { toFailure, withStep } from '../../src/child/failure.ts';

const running = new AbortController().signal;
const plain = createRedactor([]).redact;

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
    const { message } = toFailure(new Error(text), createRedactor([secret]).redact, running);
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
