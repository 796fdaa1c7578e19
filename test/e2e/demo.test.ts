/** `make demo` as a program: what it shows, and that nothing of it stays. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { projectRoot } from '../../scripts/demo/project.ts';
import { findProcesses, mountsUnder } from '../support/leftovers.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { waitFor } from '../support/wait.ts';

interface Demo {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly exitCode: Promise<number | null>;
}

describe('the demo', () => {
  let temp: TempDir;

  beforeEach(async () => {
    // Everything that it starts has this folder in its environment.
    temp = await createTempDir('wsc-demo-test-');
    await chmod(temp.path, 0o755);
  });
  afterEach(async () => {
    const left = {
      processes: await findProcesses(temp.path),
      mounts: await mountsUnder(temp.path),
      files: await readdir(temp.path),
    };
    await temp.remove();
    assert.deepEqual(left, { processes: [], mounts: [], files: [] });
  });

  function start(env: NodeJS.ProcessEnv = {}): Demo {
    const child = spawn(process.execPath, [join(projectRoot, 'scripts/demo/main.ts')], {
      env: { ...process.env, TMPDIR: temp.path, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const exitCode = once(child, 'close').then(([code]) => code as number | null);
    return { process: child, output: () => text, exitCode };
  }

  async function until(demo: Demo, pattern: RegExp): Promise<void> {
    await waitFor(`the demo to say ${pattern}`, () => pattern.test(demo.output()), {
      timeoutMs: 60_000,
    });
  }

  test('with DEMO_ONCE=1 ends by itself with 0 once all came out as expected', async () => {
    const demo = start({ DEMO_ONCE: '1' });
    assert.equal(await demo.exitCode, 0, demo.output());
    assert.match(demo.output(), /^download +True +InitializationSuccess +from-other/m);
    assert.match(
      demo.output(),
      /^failing is meant to fail, and says why:\n {2}GitRepositoryNotFound: /m,
    );
    assert.match(demo.output(), /All came out as expected\./);
  });

  test('stays until Ctrl-C', async () => {
    const demo = start();
    await until(demo, /Ctrl-C ends the demo/);
    assert.match(demo.output(), /^ {2}export KUBECONFIG=.*\n {2}kubectl get wsc -o wide$/m);
    demo.process.kill('SIGINT');
    assert.equal(await demo.exitCode, 0, demo.output());
  });

  for (const [stage, pattern] of [
    ['while servers start', /Starting etcd/],
    // Its table: on a fast machine no attempt need be seen at its work.
    ['while attempts run', /^NAME +READY/m],
  ] as const) {
    test(`Ctrl-C, pressed twice ${stage}, cleans up all the same`, async () => {
      const demo = start();
      await until(demo, pattern);
      demo.process.kill('SIGINT');
      demo.process.kill('SIGINT');
      const exitCode = await demo.exitCode;
      // All may have been over before the first of them arrived.
      const expected = /All came out as expected/.test(demo.output()) ? 0 : 130;
      assert.equal(exitCode, expected, demo.output());
      assert.match(demo.output(), /All is stopped and removed\.\n$/);
    });
  }
});
