/** What `wscontent run` makes of the journal of a daemon on the same node. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { besideDaemon } from '../../src/cli/run/beside-daemon.ts';
import { readDaemonJournal } from '../../src/cli/run/daemon-journal.ts';
import { type JournalEntry, serializeEntry } from '../../src/controller/journal-entry.ts';
import { FakeEngine } from '../controller/fake-engine.ts';
import { claimed, failed, running, sampleResource, succeeded, uid } from '../controller/samples.ts';
import { lacks } from '../support/requirements.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { content } from './support/content.ts';
import { invoke, type Invocation } from './support/invoke.ts';

const other = 'ffffffff-0000-4000-8000-000000000002';

interface Node extends TempDir {
  /** Of the default data root. */
  readonly place: string;
  write(entry: JournalEntry, file?: string): Promise<void>;
  run(spec?: object, dataRoot?: string, metadata?: object): Promise<Invocation>;
}

/** Days of work in the place of the resource default/one. */
async function setUp(): Promise<Node> {
  const temp = await createTempDir();
  await chmod(temp.path, 0o755);
  const place = temp.join('data/default/one');
  await mkdir(place, { recursive: true });
  await writeFile(temp.join('data/default/one/work'), 'of days');
  await mkdir(temp.join('daemon/journal'), { recursive: true });
  return {
    ...{ ...temp, place },
    write: async (entry, file = `${entry.uid}.json`) =>
      await writeFile(temp.join('daemon/journal', file), serializeEntry(entry)),
    run: async (
      spec = { existingContent: 'Replace' },
      dataRoot = temp.join('data'),
      metadata = {},
    ) => {
      const flags = ['--data-root', dataRoot, '--state-dir', temp.join('daemon')];
      const stdin = content({ empty: {} }, spec, metadata);
      return await invoke(['run', '-f', '-', ...flags], { stdin });
    },
  };
}

async function assertUntouched({ place }: Node): Promise<void> {
  assert.equal(await readFile(`${place}/work`, 'utf8'), 'of days');
}

describe('wscontent run beside a daemon', { skip: lacks('root', 'runc') }, () => {
  const inTheWay: [string, JournalEntry][] = [
    ['has made', succeeded],
    ['makes', running],
    ['is about to make', claimed],
    ['has left unfinished', failed('Interrupted', { dirty: true })],
    ['is removing', { ...succeeded, removed: true, dirty: true }],
    ['is to replace', failed('GitRemoteUnavailable', { replaces: true })],
    ['was given with a volume', failed('GitRemoteUnavailable', { provided: true })],
  ];
  for (const [what, entry] of inTheWay) {
    test(`leaves alone what the daemon ${what} for another uid, whatever may be replaced`, async () => {
      await using node = await setUp();
      await node.write({ ...entry, hostPath: node.place });
      const { exitCode, stderr } = await node.run();
      assert.equal(exitCode, 1);
      assert.match(
        stderr,
        /^Failed: PathInUse\n {2}\S+one belongs to the WorkspaceContent default\/one of this node's daemon; with another --data-root .+ Use another hostPath; or delete the other resource/m,
      );
      await assertUntouched(node);
    });
  }

  for (const [what, entry] of [
    ['is about to make', claimed],
    ['would remove before it goes on', failed('Interrupted', { dirty: true })],
    ['is to replace', failed('DownloadFailed', { replaces: true })],
  ] as const) {
    test(`leaves to the daemon what it ${what} for the same uid`, async () => {
      await using node = await setUp();
      await node.write({ ...entry, hostPath: node.place });
      await rm(`${node.place}/work`);
      const { stderr } = await node.run({}, undefined, { uid });
      assert.match(stderr, /^Failed: PathInUse\n {2}\S+one belongs to the WorkspaceContent/m);
      assert.deepEqual(await readdir(node.place), []);
    });
  }

  test('makes what the daemon has given up', async () => {
    await using node = await setUp();
    await node.write({ ...failed('GitRefNotFound'), hostPath: node.place });
    await rm(`${node.place}/work`);
    const { exitCode, stderr } = await node.run({}, undefined, { uid });
    assert.equal(exitCode, 0, stderr);
  });

  test('does not call Ready what the daemon has made and somebody taken away', async () => {
    for (const removed of [true, undefined]) {
      await using node = await setUp();
      await node.write({ ...succeeded, hostPath: node.place, ...(removed && { removed }) });
      await rm(node.place, { recursive: true });
      const { exitCode, stderr } = await node.run({}, undefined, { uid });
      assert.equal(exitCode, 1);
      assert.match(stderr, /^Failed: ContentMissing/m);
    }
  });

  test('leaves alone what lies in its directory, or around it', async () => {
    await using node = await setUp();
    await node.write({ ...succeeded, name: 'inner', hostPath: `${node.place}/inner` });
    const { stderr } = await node.run();
    assert.match(
      stderr,
      /one\/inner, which overlaps, belongs to the WorkspaceContent default\/inner/,
    );
    await assertUntouched(node);
  });

  test('knows the directory by another name of the data root', async () => {
    await using node = await setUp();
    await node.write({ ...succeeded, hostPath: node.place });
    await symlink(node.join('data'), node.join('link'));
    const { stderr } = await node.run(undefined, node.join('link'));
    assert.match(stderr, /^Failed: PathInUse/m);
    await assertUntouched(node);
  });

  const outOfTheWay: [string, JournalEntry][] = [
    ['has failed and cleaned up', failed('GitRefNotFound')],
    ['was taken away or given up', { ...succeeded, removed: true }],
  ];
  for (const [what, entry] of outOfTheWay) {
    test(`may replace what is not the daemon's: the other ${what}`, async () => {
      await using node = await setUp();
      await node.write({ ...entry, hostPath: node.place });
      const { exitCode, stderr } = await node.run();
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(await readdir(node.place), ['.gitpod']);
    });
  }

  const unreadable: [string, string][] = [
    ['that is damaged', `${other}.json`],
    ['that the daemon has set aside', `${other}.json.corrupt-1`],
  ];
  for (const [what, name] of unreadable) {
    test(`replaces nothing while there is an entry ${what}`, async () => {
      await using node = await setUp();
      await writeFile(node.join('daemon/journal', name), '{');
      const { exitCode, stderr } = await node.run();
      assert.equal(exitCode, 1);
      assert.match(
        stderr,
        /^Failed: JournalUnreadable\n .+ cannot be read: .+ Move what you need/m,
      );
      await assertUntouched(node);
      await rm(`${node.place}/work`);
      assert.equal((await node.run()).exitCode, 0);
    });
  }

  test('an entry that was made anew after one was set aside counts', async () => {
    await using node = await setUp();
    await writeFile(node.join('daemon/journal', `${other}.json.corrupt-1`), '{');
    await node.write({ ...succeeded, uid: other, hostPath: node.join('data/default/two') });
    const { exitCode, stderr } = await node.run();
    assert.equal(exitCode, 0, stderr);
  });
});

test('entries that vanish while the journal is read are none', async () => {
  await using node = await setUp();
  const many = Array.from({ length: 300 }, (_, index) => `uid-${index}`);
  const hostPath = node.join('data/default/two');
  await Promise.all(
    many.map(async (each) => await node.write({ ...succeeded, uid: each, hostPath })),
  );
  const read = readDaemonJournal(node.join('daemon'), { uid: other, hostPath: node.place });
  await Promise.all(
    many.map(async (each) => await rm(node.join('daemon/journal', `${each}.json`))),
  );
  assert.equal(await read, undefined);
});

test('what the daemon does before the directory is locked is seen', async () => {
  await using node = await setUp();
  const hostPath = node.place;
  const mine = { ...succeeded, hostPath };
  const resource = sampleResource({ existingContent: 'Replace' });
  for (const [entry, message] of [
    [mine, /has begun to make this very content/],
    [{ ...mine, uid: other }, /belongs to the WorkspaceContent default\/one/],
  ] as const) {
    const engine = new (class extends FakeEngine {
      override async prepare() {
        const prepared = await super.prepare();
        await node.write(entry);
        return prepared;
      }
    })();
    const beside = besideDaemon(engine, node.join('daemon'));
    await assert.rejects(beside.prepare(resource, hostPath, true), {
      reason: 'PathInUse',
      message,
    });
    assert.deepEqual([engine.asked, engine.lockedBy], [['prepare', 'undo'], 0]);
    await rm(node.join('daemon/journal', `${entry.uid}.json`));
  }
});
