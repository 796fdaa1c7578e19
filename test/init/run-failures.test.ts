/** Runs that fail, with the real runc: the error says what happened, and nothing stays behind. */
import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, open, rm, truncate, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { execa } from 'execa';
import { ContentError, type ErrorReason } from '../../src/api/errors.ts';
import type { RunEnvironment } from '../../src/init/environment.ts';
import { listContainers } from '../../src/init/containers.ts';
import { runInitializer } from '../../src/init/run.ts';
import { isContentError } from './support/content-error.ts';
import { assertNothingLeft, createSandboxHarness, freshUid } from './support/sandbox-harness.ts';

const says = (text: string): string =>
  `import fs from 'node:fs'; fs.writeSync(3, ${JSON.stringify(text)}); process.exit(42);`;

const cases: readonly (readonly [string, string, ErrorReason, RegExp])[] = [
  [
    'a deliberate failure has the reason and the words of the child',
    says(
      JSON.stringify({ reason: 'GitRefNotFound', message: 'no branch a%20b %s %d', step: 'git' }),
    ),
    'GitRefNotFound',
    /^no branch a%20b %s %d$/,
  ],
  [
    'a deliberate failure in plain text is exactly that text',
    says('cannot fetch http://host/a%20b?x=%s'),
    'InternalError',
    /^cannot fetch http:\/\/host\/a%20b\?x=%s$/,
  ],
  [
    'a deliberate failure without a word is still one',
    'process.exit(42);',
    'InternalError',
    /^failed to read content initializer response/,
  ],
  [
    'an error text of 1 MiB is drained and cut',
    `import fs from 'node:fs';
     const text = Buffer.alloc(1024 * 1024, 'word ');
     for (let at = 0; at < text.length; at += fs.writeSync(3, text, at));
     process.exit(42);`,
    'InternalError',
    /^(word ){1000,}w?o?r?d?…$/,
  ],
  [
    'garbage on every channel is a failure that can be read',
    `import fs from 'node:fs'; import { randomBytes } from 'node:crypto';
     for (const fd of [1, 2, 3, 4, 5]) {
       const noise = randomBytes(2_000_000);
       for (let at = 0; at < noise.length; at += fs.writeSync(fd, noise, at));
     }
     process.exit(42);`,
    'InternalError',
    /^[^\p{Cc}]|^[\P{Cc}\n\t]+$/u,
  ],
  [
    'a program that ends well and reports nothing has made nothing',
    "import fs from 'node:fs'; fs.writeFileSync('/dst/a', '');",
    'SandboxFailed',
    /^the program in the sandbox ended with exit code 0 and gave no report$/,
  ],
  [
    'another exit code is a fault of the sandbox, with the last words',
    "console.error('first'); console.error('the last\\nwords'); process.exit(7);",
    'SandboxFailed',
    /ended with exit code 7 and gave no reason; its last words: first \/ the last \/ words$/,
  ],
  [
    'a crash is a fault of the sandbox, with the words of Node',
    "throw new Error('oh no');",
    'SandboxFailed',
    /exit code 1 .*Error: oh no/,
  ],
  [
    'a program that is killed, with memory left, is said to be killed',
    "process.kill(process.pid, 'SIGKILL'); process.exit(128 + 9);",
    'SandboxFailed',
    /^the program in the sandbox was killed \(exit code 137\)$/,
  ],
  [
    'descendants that hold the pipes delay nothing and do not survive',
    `import fs from 'node:fs'; import { spawn } from 'node:child_process';
     const uid = JSON.parse(fs.readFileSync(0, 'utf8')).owner.instanceID;
     spawn('sh', ['-c', 'trap "" TERM HUP; sleep 1000', uid], { detached: true, stdio: [0, 1, 2, 3, 4, 5] });
     fs.writeSync(3, 'failed'); process.exit(42);`,
    'InternalError',
    /^failed$/,
  ],
];
for (const [name, program, reason, message] of cases) {
  test(name, async () => {
    await using harness = await createSandboxHarness();
    await harness.child(program);
    const uid = freshUid();
    const owner = { owner: 'somebody', workspaceID: 'workspace-1', instanceID: uid };
    const started = performance.now();
    await assert.rejects(harness.run({ uid, owner }), isContentError(reason, message));
    assert.ok(performance.now() - started < 10_000);
    await assertNothingLeft(harness, uid);
  });
}

test('the step of a failure is that of the child', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(
    says(JSON.stringify({ reason: 'GitFailed', message: 'm', step: 'composite[1].git' })),
  );
  await assert.rejects(
    harness.run(),
    (error) => error instanceof ContentError && error.step === 'composite[1].git',
  );
});

const nodes: readonly (readonly [string, Partial<RunEnvironment>, ErrorReason, RegExp])[] = [
  [
    'a missing bind source is named in the words of runc',
    { nodeBinary: '/nowhere/node' },
    'SandboxFailed',
    /failed to open mount source \/nowhere\/node: No such file or directory.*runc run failed/,
  ],
  [
    'a missing runc is named',
    { runcBinary: '/nowhere/runc' },
    'RuncUnavailable',
    /runc could not be started: .*\/nowhere\/runc.*ENOENT/,
  ],
  [
    'a runc that is no program is named',
    { runcBinary: '/etc/passwd' },
    'RuncUnavailable',
    /runc could not be started: .*\/etc\/passwd.*EACCES/,
  ],
];
for (const [name, options, reason, message] of nodes) {
  test(name, async () => {
    await using harness = await createSandboxHarness(options);
    await harness.child('');
    const uid = freshUid();
    await assert.rejects(harness.run({ uid }), isContentError(reason, message));
    await assertNothingLeft(harness, uid);
  });
}

const write =
  (content: string) =>
  async (path: string): Promise<void> =>
    await writeFile(path, content, { mode: 0o755 });
const copyRunc = async (path: string): Promise<void> =>
  await copyFile((await execa('sh', ['-c', 'command -v runc'])).stdout, path);

const brokenRuncs: readonly (readonly [
  string,
  (path: string) => Promise<AsyncDisposable | void>,
  RegExp,
])[] = [
  ['is empty', write(''), /exit code 0 and made no container$/],
  ['is wrapped and ends well', write('#!/bin/sh\nexit 0\n'), /exit code 0 and made no container$/],
  [
    'lacks a library',
    write('#!/bin/sh\necho libseccomp is missing >&2\nexit 127\n'),
    /exit code 127 and made no container; its last words: libseccomp is missing$/,
  ],
  ['is another file by mistake', write('\0garbage\n'), /^runc (ended|could not be started)/],
  [
    'has been copied in part',
    async (path) => {
      await copyRunc(path);
      await truncate(path, 4_000_000);
    },
    /^runc was ended by SIG\w+ and made no container$/,
  ],
  [
    'is just being copied',
    async (path) => {
      await copyRunc(path);
      return await open(path, 'r+');
    },
    /^runc could not be started: .*ETXTBSY/,
  ],
];
for (const [name, make, message] of brokenRuncs) {
  test(`a runc that ${name} is said to be unavailable`, async () => {
    await using harness = await createSandboxHarness();
    await harness.child('');
    const runcBinary = harness.temp.join('runc');
    const held = await make(runcBinary);
    const uid = freshUid();
    const request = await harness.request({ uid });
    const { signal } = new AbortController();
    await assert.rejects(
      runInitializer(request, { ...harness.environment, runcBinary }, { signal }),
      isContentError('RuncUnavailable', message),
    );
    await held?.[Symbol.asyncDispose]();
    await assertNothingLeft(harness, uid);
  });
}

for (const [name, signal, reason] of [
  ['cannot be removed', new AbortController().signal, 'SandboxFailed'],
  ['is not even looked at', AbortSignal.abort(), 'Cancelled'],
] as const) {
  test(`a container of an earlier life that ${name} keeps its record`, async () => {
    await using harness = await createSandboxHarness({ runcBinary: '/nowhere/runc' });
    const { stateDir } = harness.environment;
    const uid = freshUid();
    const id = `wsc-${uid}`;
    await mkdir(`${stateDir}/runc/${id}`, { recursive: true });
    await mkdir(`${stateDir}/bundles/${id}`, { recursive: true });
    await assert.rejects(harness.run({ uid }, { signal }), isContentError(reason, /./));
    assert.deepEqual(await listContainers(harness.environment), [{ id, uid }]);
    assert.ok(harness.log.some(({ message }) => message === 'something of the run stays behind'));
  });
}

test('a missing program of the sandbox is named', async () => {
  await using harness = await createSandboxHarness();
  await assert.rejects(
    harness.run(),
    isContentError('SandboxFailed', /Cannot find module .*child\.mjs/),
  );
});

test('a state directory that the sandbox cannot pass through is named, with what to do', async () => {
  await using harness = await createSandboxHarness();
  await harness.child('');
  await chmod(harness.temp.path, 0o700);
  await assert.rejects(
    harness.run(),
    isContentError('SandboxFailed', new RegExp(`pass through ${harness.temp.path}, .*chmod o\\+x`)),
  );
});

test('a state directory that cannot be written is named', async () => {
  await using harness = await createSandboxHarness();
  await harness.child('');
  await mkdir(harness.environment.stateDir);
  await writeFile(`${harness.environment.stateDir}/bundles`, '');
  await assert.rejects(
    harness.run(),
    isContentError('SandboxFailed', /could not be prepared: .*EEXIST.*state\/bundles/),
  );
  await rm(`${harness.environment.stateDir}/bundles`);
});
