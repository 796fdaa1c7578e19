import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { assertNothingMountedIn } from '../../src/init/mounts-below.ts';
import { bindMount } from '../support/bind-mount.ts';
import { lacks } from '../support/requirements.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { isContentError } from './support/content-error.ts';
import { assertNothingLeft, createSandboxHarness, freshUid } from './support/sandbox-harness.ts';

/** A child that removes what it finds, as a clean slate does. */
const child = `
import fs from 'node:fs';
const { cleanSlate } = JSON.parse(fs.readFileSync(0, 'utf8'));
for (const name of cleanSlate ? fs.readdirSync('/dst') : []) {
  fs.rmSync('/dst/' + name, { recursive: true, force: true });
}
fs.writeSync(4, JSON.stringify({ source: 'from-other', metrics: [], warnings: [] }));
`;

async function setUp(): Promise<TempDir> {
  const temp = await createTempDir();
  await mkdir(temp.join('precious'));
  await writeFile(temp.join('precious/work'), 'of days');
  await mkdir(temp.join('content'));
  return temp;
}

describe('a directory that is to be emptied', { skip: lacks('root') }, () => {
  test('may be a mount point, and stand beside one', async () => {
    await using temp = await setUp();
    await using stack = new AsyncDisposableStack();
    stack.use(await bindMount(temp.join('precious'), temp.join('content')));
    stack.use(await bindMount(temp.join('precious'), temp.join('content-2')));
    await assertNothingMountedIn(temp.join('content'));
  });

  test('may hold no mount of the same file system, whatever its name and however it is reached', async () => {
    await using temp = await setUp();
    const place = temp.join('content/a b\\c/deep\n\u001B[31mer');
    await using _ = await bindMount(temp.join('precious'), place);
    await symlink(temp.join('content'), temp.join('link'));
    await assert.rejects(
      assertNothingMountedIn(temp.join('link')),
      isContentError(
        'DestinationFailed',
        /mounted at \/[^\n]+\/content\/a b\\c\/deep er, .+ unmount it first/,
      ),
    );
  });
});

describe('a run on a clean slate', { skip: lacks('root', 'runc') }, () => {
  test('is refused where something is mounted in the directory, which stays as it is', async () => {
    await using harness = await createSandboxHarness();
    await using temp = await setUp();
    await harness.child(child);
    const destination = await harness.destination();
    const uid = freshUid();
    const started = async () => await harness.run({ uid, destination, cleanSlate: true });
    {
      await using _ = await bindMount(temp.join('precious'), `${destination}/mount`);
      await assert.rejects(started(), isContentError('DestinationFailed', /content\/mount/));
      assert.equal(await readFile(temp.join('precious/work'), 'utf8'), 'of days');
    }
    await started();
    assert.deepEqual(await readdir(destination), []);
    assert.equal(await readFile(temp.join('precious/work'), 'utf8'), 'of days');
    await assertNothingLeft(harness, uid);
  });

  test('empties a mount point', async () => {
    await using harness = await createSandboxHarness();
    await using temp = await setUp();
    await harness.child(child);
    const destination = await harness.destination();
    await using _ = await bindMount(temp.join('content'), destination);
    await writeFile(temp.join('content/old'), '');
    await harness.run({ destination, cleanSlate: true });
    assert.deepEqual(await readdir(temp.join('content')), []);
  });
});
