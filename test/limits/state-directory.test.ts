/** A state directory without room for a run: whatever runc runs into first, that is what is said. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { contentservice } from '../../src/api/initializer.generated.js';
import { findProblems } from '../../src/init/preflight.ts';
import { isContentError } from '../init/support/content-error.ts';
import {
  assertNothingLeft,
  createSandboxHarness,
  freshUid,
} from '../init/support/sandbox-harness.ts';
import { mountTmpfs } from './support/mounts.ts';

const childDir = fileURLToPath(new URL('../../dist/child', import.meta.url));
const initializer = contentservice.WorkspaceInitializer.encode({ empty: {} }).finish();

// Where there is a bit more of both, attempts succeed.
const sizes = ['size=8k', 'size=12k', 'size=16k', 'size=32k'];
const inodes = ['nr_inodes=5', 'nr_inodes=9', 'nr_inodes=12', 'nr_inodes=17', 'nr_inodes=24'];
for (const options of [...sizes, ...inodes]) {
  test(`an attempt that finds a state directory with ${options} fails by it and leaves nothing`, async () => {
    await using harness = await createSandboxHarness({ childDir });
    const { stateDir } = harness.environment;
    const uid = freshUid();
    {
      await using _ = await mountTmpfs(stateDir, options);
      await assert.rejects(
        harness.run({ uid, initializer }),
        isContentError('StateUnwritable', /no space left on device|has only \d+ KiB/),
      );
      assert.deepEqual(await problems(harness.environment), ['StateUnwritable']);
      assert.deepEqual(await readdir(`${stateDir}/bundles`).catch(() => []), []);
      assert.deepEqual(await readdir(`${stateDir}/runc`).catch(() => []), []);
      assert.ok(!(await readdir(stateDir)).includes('.wscontent-probe'));
    }
    await assertNothingLeft(harness, uid);
  });
}

test('a node has enough room in its state directory for a run if it has what /readyz asks for', async () => {
  await using harness = await createSandboxHarness({ childDir });
  await using _ = await mountTmpfs(harness.environment.stateDir, 'size=260k,nr_inodes=70');
  assert.deepEqual(await problems(harness.environment), []);
  await harness.run({ initializer });
  assert.deepEqual(await problems(harness.environment), []);
});

async function problems(environment: Parameters<typeof findProblems>[0]): Promise<string[]> {
  return (await findProblems(environment)).map(({ reason }) => reason);
}
