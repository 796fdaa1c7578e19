import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorReason } from '../../src/api/errors.ts';
import { createCleaner } from '../../src/init/clean.ts';
import { judge, type Said, type Traces } from '../../src/init/outcome.ts';
import type { Ending } from '../../src/init/runc.ts';
import { isContentError } from './support/content-error.ts';

const cleaner = createCleaner([]);
const silence: Said = {
  error: { text: '', cut: false },
  report: { text: '', cut: false },
  lastLines: [],
  runcErrors: [],
};

const started: Traces = { id: 'wsc-x', hasState: true };
const notStarted: Traces = { id: 'wsc-x', hasState: false };
const report = { text: '{"source":"from-other"}', cut: false };

test('exit code 0 with a report is a success, whatever else was said', () => {
  const error = { text: 'an error', cut: false };
  const said = { ...silence, report, error, runcErrors: ['a warning'] };
  assert.equal(judge({ exitCode: 0 }, said, started, cleaner).source, 'from-other');
});

const failures: readonly (readonly [string, Ending, Partial<Said>, ErrorReason, RegExp])[] = [
  [
    'exit code 0 without a report is a failure',
    { exitCode: 0 },
    { lastLines: ['words'] },
    'SandboxFailed',
    /^the program in the sandbox ended with exit code 0 and gave no report; its last words: words$/,
  ],
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
    { startError: 'spawn runc ETXTBSY', errno: 'ETXTBSY' },
    {},
    'RuncUnavailable',
    /^runc could not be started: spawn runc ETXTBSY$/,
  ],
  [
    'a runc that does not start for want of file descriptors is not to blame',
    { startError: 'spawn runc EMFILE', errno: 'EMFILE' },
    {},
    'TooManyOpenFiles',
    /^runc could not be started: spawn runc EMFILE$/,
  ],
];
for (const [name, ending, said, reason, message] of failures) {
  test(name, () => {
    assert.throws(
      () => judge(ending, { ...silence, ...said }, started, cleaner),
      isContentError(reason, message),
    );
  });
}

const broken: readonly (readonly [string, Ending, readonly string[], RegExp])[] = [
  ['ends well', { exitCode: 0 }, [], /^runc ended with exit code 0 and made no container$/],
  [
    'lacks a library',
    { exitCode: 127 },
    ['libseccomp is missing'],
    /^runc ended with exit code 127 and made no container; its last words: libseccomp is missing$/,
  ],
  ['has the exit code of the child', { exitCode: 42 }, [], /exit code 42 and made no container$/],
  ['crashes', { signal: 'SIGSEGV' }, [], /^runc was ended by SIGSEGV and made no container$/],
];
for (const [name, ending, lastLines, message] of broken) {
  test(`a runc that ${name} before it made a container is broken`, () => {
    const said = { ...silence, lastLines };
    assert.throws(
      () => judge(ending, said, notStarted, cleaner),
      isContentError('RuncUnavailable', message),
    );
  });
}

test('what the child said counts, also when nothing is left of its container', () => {
  const said = { ...silence, error: { text: 'half a word', cut: false } };
  assert.throws(
    () => judge({ exitCode: 137 }, said, notStarted, cleaner),
    isContentError('SandboxFailed', /was killed/),
  );
});

const unwritable: readonly (readonly [string, Partial<Said>])[] = [
  [
    'in its log',
    { runcErrors: ['mkdir /state/bundles/wsc-x/rootfs/etc: no space left on device'] },
  ],
  [
    'where it cannot even write its log',
    { lastLines: ['write /state/bundles/wsc-x/runc.log: read-only file system', 'failed'] },
  ],
];
for (const [name, said] of unwritable) {
  test(`a state directory that runc could not write is told from its words ${name}`, () => {
    for (const traces of [started, notStarted]) {
      assert.throws(
        () => judge({ exitCode: 1 }, { ...silence, ...said }, traces, cleaner),
        isContentError('StateUnwritable', /\/wsc-x\//),
      );
    }
  });
}

test('a state directory that runc found full is told from what is left, whatever runc says', () => {
  const runcErrors = ['unable to store init state: %!w(<nil>)'];
  const littleRoom = 'the state directory has only 8 KiB left';
  assert.throws(
    () => judge({ exitCode: 1 }, { ...silence, runcErrors }, { ...started, littleRoom }, cleaner),
    isContentError('StateUnwritable', /^the state directory has only 8 KiB left: unable to store/),
  );
});

test('what is full need not be the state directory', () => {
  const runcErrors = ['mkdir /sys/fs/cgroup/memory/wsc-0a1b-x: no space left on device'];
  assert.throws(
    () => judge({ exitCode: 1 }, { ...silence, runcErrors }, started, cleaner),
    isContentError('SandboxFailed', /^mkdir \/sys/),
  );
});

test('a child that gave its reason is believed, however full the state directory is', () => {
  const error = { text: 'the reason', cut: false };
  const traces = { ...started, littleRoom: 'only 8 KiB left' };
  assert.throws(
    () => judge({ exitCode: 42 }, { ...silence, error }, traces, cleaner),
    isContentError('InternalError', /^the reason$/),
  );
});
