import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorReason } from '../../src/api/errors.ts';
import { createCleaner } from '../../src/init/clean.ts';
import { judge, type Said } from '../../src/init/outcome.ts';
import type { Ending } from '../../src/init/runc.ts';
import { isContentError } from './support/content-error.ts';

const cleaner = createCleaner([]);
const silence: Said = {
  error: { text: '', cut: false },
  report: { text: '', cut: false },
  lastLines: [],
  runcErrors: [],
};

test('exit code 0 is a success, whatever else was said', () => {
  const said = { ...silence, error: { text: 'an error', cut: false }, runcErrors: ['a warning'] };
  assert.equal(judge({ exitCode: 0 }, said, cleaner).source, 'from-other');
});

const failures: readonly (readonly [string, Ending, Partial<Said>, ErrorReason, RegExp])[] = [
  [
    'exit code 42 has the words of fd 3, whatever runc logged',
    { exitCode: 42 },
    { error: { text: 'the reason', cut: false }, runcErrors: ['x'] },
    'InternalError',
    /^the reason$/,
  ],
  [
    'exit code 42 without a word is a failure',
    { exitCode: 42 },
    {},
    'InternalError',
    /^failed to read/,
  ],
  [
    'an error of runc is told in its words',
    { exitCode: 1 },
    { runcErrors: ['first', 'second'], lastLines: ['x'] },
    'SandboxFailed',
    /^first; second$/,
  ],
  [
    'another exit code comes with the last words',
    { exitCode: 7 },
    { lastLines: ['one', 'two'] },
    'SandboxFailed',
    /exit code 7 and gave no reason; its last words: one \/ two$/,
  ],
  [
    'SIGKILL in the sandbox is told as such',
    { exitCode: 137 },
    {},
    'SandboxFailed',
    /^the program in the sandbox was killed \(exit code 137\)$/,
  ],
  [
    'a signal to runc itself is named',
    { signal: 'SIGSEGV' },
    {},
    'SandboxFailed',
    /^runc was ended by SIGSEGV$/,
  ],
  [
    'a runc that does not start is told in the words of the system',
    { startError: 'spawn runc ENOENT' },
    {},
    'SandboxFailed',
    /^runc could not be started: spawn runc ENOENT$/,
  ],
];
for (const [name, ending, said, reason, message] of failures) {
  test(name, () => {
    assert.throws(
      () => judge(ending, { ...silence, ...said }, cleaner),
      isContentError(reason, message),
    );
  });
}
