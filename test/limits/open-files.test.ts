/** A process that runs out of file descriptors at every point of a run, with the real sandbox. */
import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { ContentError } from '../../src/api/errors.ts';
import { contentservice } from '../../src/api/initializer.generated.js';
import { findProblems } from '../../src/init/preflight.ts';
import { runInitializer } from '../../src/init/run.ts';
import {
  assertNothingLeft,
  createSandboxHarness,
  reportDone,
  freshUid,
} from '../init/support/sandbox-harness.ts';
import { waitFor } from '../support/wait.ts';

const childDir = fileURLToPath(new URL('../../dist/child', import.meta.url));

/** More than a run takes at once. */
const most = 24;

/** Does something while so many descriptors are free. The limit has to be near already. */
async function withFree<T>(count: number, act: () => Promise<T>): Promise<T> {
  const held: number[] = [];
  try {
    for (;;) held.push(openSync('/dev/null', 'r'));
  } catch {
    // There is none left.
  }
  for (const fd of held.splice(0, count)) closeSync(fd);
  try {
    return await act();
  } finally {
    for (const fd of held) closeSync(fd);
  }
}

async function openFiles(): Promise<number> {
  return (await readdir('/proc/self/fd')).length;
}

async function limitOpenFiles(limit: string): Promise<void> {
  await execa('prlimit', ['--pid', String(process.pid), `--nofile=${limit}`]);
}

test('a run without enough file descriptors fails as such or not at all, and can be made up for', async () => {
  await using harness = await createSandboxHarness({ childDir });
  const { stdout: before } = await execa('sh', ['-c', 'ulimit -Sn']);
  const destination = await harness.destination();
  const open = await openFiles();
  const outcomes: string[] = [];
  await limitOpenFiles(`${open + 2 * most}:`);
  try {
    for (let free = 0; free <= most; free += 1) {
      const request = await harness.request({
        ...{ uid: freshUid(), destination, cleanSlate: true },
        initializer: contentservice.WorkspaceInitializer.encode({ empty: {} }).finish(),
      });
      const run = async (): Promise<string> =>
        await runInitializer(request, harness.environment, {
          signal: new AbortController().signal,
        }).then(
          () => 'made',
          (error: unknown) => describe(error),
        );
      const outcome = await withFree(free, run);
      outcomes.push(outcome);
      assert.equal(await run(), 'made', 'it goes on by itself');
      await assertNothingLeft({ ...harness, log: [] }, request.uid);
    }
    const problems = await withFree(
      0,
      async () => await findProblems(harness.environment, harness.dataRoot),
    );
    assert.ok(
      problems.some(({ reason }) => reason === 'TooManyOpenFiles'),
      JSON.stringify(problems),
    );
  } finally {
    await limitOpenFiles(`${before}:`);
  }
  assert.deepEqual(
    [...new Set(outcomes)].toSorted(),
    ['TooManyOpenFiles', 'made'],
    outcomes.join(),
  );
  assert.equal(outcomes[0], 'TooManyOpenFiles');
  assert.equal(outcomes.at(-1), 'made');
});

test('what a program was to have that could not be started for want of file descriptors is given back', async () => {
  await using harness = await createSandboxHarness();
  await harness.child(`import * as fs from 'node:fs'; ${reportDone}`);
  await harness.run();
  const { stdout: before } = await execa('sh', ['-c', 'ulimit -Sn']);
  const open = await openFiles();
  await limitOpenFiles(`${open + 2 * most}:`);
  try {
    for (let free = 0; free <= most; free += 1) {
      await withFree(free, async () => await harness.run().catch(() => undefined));
      await withFree(free, async () => await findProblems(harness.environment));
      await waitFor('what is open', async () => (await openFiles()) <= open, { timeoutMs: 5000 });
    }
  } finally {
    await limitOpenFiles(`${before}:`);
  }
});

function describe(error: unknown): string {
  if (!(error instanceof ContentError)) return String(error);
  return error.reason === 'TooManyOpenFiles' ? error.reason : `${error.reason}: ${error.message}`;
}
