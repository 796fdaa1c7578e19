import assert from 'node:assert/strict';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';
import { findProblems } from '../../src/init/preflight.ts';
import type { RunEnvironment } from '../../src/init/environment.ts';
import { createSandboxHarness, type SandboxHarness } from './support/sandbox-harness.ts';

async function problemsOf(
  change: (harness: SandboxHarness) => Promise<Partial<RunEnvironment>>,
): Promise<string[]> {
  await using harness = await createSandboxHarness();
  await harness.child('');
  const changes = await change(harness);
  const found = await findProblems({ ...harness.environment, ...changes }, harness.dataRoot);
  return found.map(({ reason, message }) => `${reason}: ${message}`);
}

test('a node that has all there is to have has no problems', async () => {
  assert.deepEqual(await problemsOf(async () => ({})), []);
});

const problems: readonly (readonly [
  string,
  (harness: SandboxHarness) => Promise<Partial<RunEnvironment>>,
  RegExp,
])[] = [
  [
    'a missing runc',
    async () => ({ runcBinary: '/nowhere/runc' }),
    /^RuncUnavailable: \/nowhere\/runc cannot be run \(.*ENOENT\): install runc 1\.1 or newer$/,
  ],
  [
    'an old runc',
    async ({ temp }) => {
      const runcBinary = temp.join('runc');
      await writeFile(runcBinary, '#!/bin/sh\necho runc version 1.0.3\n', { mode: 0o755 });
      return { runcBinary };
    },
    /^RuncUnavailable: .*has version 1\.0\.3: install runc 1\.1 or newer$/,
  ],
  [
    'a runc without libseccomp',
    async ({ temp }) => {
      const runcBinary = temp.join('runc');
      await writeFile(runcBinary, '#!/bin/sh\necho runc version 1.1.5\n', { mode: 0o755 });
      return { runcBinary };
    },
    /was built without libseccomp, which sandboxes need: install one with it/,
  ],
  [
    'a missing Node',
    async () => ({ nodeBinary: '/nowhere/node' }),
    /^SandboxFailed: \/nowhere\/node is missing or cannot be used/,
  ],
  [
    'a program that was not built',
    async () => ({ childDir: '/nowhere' }),
    /^SandboxFailed: \/nowhere\/child\.mjs is missing .*make build/,
  ],
  [
    'a missing find',
    async ({ environment, temp }) => {
      const { stdout } = await execa('which', ['runc', 'umount']);
      for (const path of stdout.split('\n')) await symlink(path, temp.join(basename(path)));
      return { variables: { ...environment.variables, PATH: temp.path } };
    },
    /^SandboxFailed: find is not on the PATH of the daemon: .*; install it \(Debian's package findutils\)$/,
  ],
  [
    'a state directory that cannot be made',
    async ({ temp }) => {
      await writeFile(temp.join('file'), '');
      return { stateDir: temp.join('file/state') };
    },
    /^StateUnwritable: the state directory .*\/file\/state cannot be written: .*ENOTDIR/,
  ],
  [
    'a state directory that the sandbox cannot pass through',
    async ({ temp }) => {
      await mkdir(temp.join('closed'));
      await chmod(temp.join('closed'), 0o700);
      return { stateDir: temp.join('closed/state') };
    },
    /pass through .*\/closed to the state directory, .*chmod o\+x/,
  ],
];
for (const [name, change, expected] of problems) {
  test(`${name} is a problem, with what to do`, async () => {
    const found = await problemsOf(change);
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', expected);
  });
}
