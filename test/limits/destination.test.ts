/** Content on a file system that is full, read-only or broken: real ones, with the real sandbox. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { errorCatalogue } from '../../src/api/error-catalogue.ts';
import { ContentError, type ErrorReason, explain } from '../../src/api/errors.ts';
import { contentservice } from '../../src/api/initializer.generated.js';
import type { InitializerMessage } from '../../src/api/initializer.ts';
import { isEmptyDestination, prepareDestination } from '../../src/init/destination.ts';
import type { RunRequest } from '../../src/init/run.ts';
import {
  assertNothingLeft,
  createSandboxHarness,
  freshUid,
  type SandboxHarness,
} from '../init/support/sandbox-harness.ts';
import { rawArchive } from '../support/archive-maker.ts';
import { type FileServer, startFileServer } from '../support/file-server.ts';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { mountDamaged, mountTmpfs } from './support/mounts.ts';

const childDir = fileURLToPath(new URL('../../dist/child', import.meta.url));
const owner = { uid: 33333, gid: 33333 };

/** 40 files, 2.5 MiB in all, which no compression makes smaller. */
const names = Array.from({ length: 40 }, (_, n) => `file-${n}`);
const bytes = randomBytes(64 * 1024);

type Changes = Pick<RunRequest, 'initializer' | 'remoteContent'>;

describe('content on a file system with a limit', () => {
  let files: FileServer;
  let git: GitServer;
  const contents: Record<string, Changes> = {};
  before(async () => {
    files = await startFileServer();
    git = await startGitServer();
    const { url: remoteUri } = await git.create('large', {
      commits: [{ files: Object.fromEntries(names.map((name) => [name, bytes.toString('hex')])) }],
    });
    const payload = names.map((name) => ({
      name,
      payload: Buffer.concat([Buffer.from(name), bytes]),
    }));
    const download = {
      files: payload.map(({ name, payload: file }) => ({
        url: files.serve(`/${name}`, file),
        filePath: name,
        digest: `sha256:${createHash('sha256').update(file).digest('hex')}`,
      })),
    };
    const archive = files.serve('/snapshot.tar', rawArchive(...payload));
    const snapshot = { snapshot: 'large@store' };
    const remoteContent = { 'large@store': { url: archive } };
    const composite = {
      initializer: [{ empty: {} }, { git: { remoteUri, checkoutLocation: 'repo', config: {} } }],
    };
    contents['git'] = content({ git: { remoteUri, config: {} } });
    contents['download'] = content({ download });
    contents['snapshot'] = { ...content({ snapshot }), remoteContent };
    contents['composite[1].git'] = content({ composite });
  });
  after(async () => {
    await files.stop();
    await git.stop();
  });

  for (const [limit, options, enough] of [
    ['blocks', 'size=1m', 'size=64m'],
    ['inodes', 'size=64m,nr_inodes=16', 'nr_inodes=4096'],
  ] as const) {
    for (const step of ['git', 'download', 'snapshot', 'composite[1].git']) {
      test(`${step} that runs out of ${limit} is DestinationFull, and works once there is room`, async () => {
        await using harness = await createSandboxHarness({ childDir });
        await using disk = await mountTmpfs(harness.dataRoot, options);
        const uid = freshUid();
        const failure = await failureOf(harness, { uid, ...contents[step] });
        assertReason(failure, 'DestinationFull');
        assert.equal(failure.step, step);
        assert.match(failure.message, /\(its file system has \d+ KiB and \d+ inodes left now\)$/);
        await assertNothingLeft(harness, uid);

        await disk.remount(enough);
        const { report } = await harness.run({
          uid,
          attempt: 2,
          cleanSlate: true,
          ...contents[step],
        });
        assert.ok(report.metrics.length > 0);
        await assertNothingLeft(harness, uid);
      });
    }
  }

  test('a ready file that finds no room is DestinationFull, and half of it is not left', async () => {
    await using harness = await createSandboxHarness({ childDir });
    // The root, the namespace, the destination, and .gitpod.
    await using disk = await mountTmpfs(harness.dataRoot, 'nr_inodes=4');
    const failure = await failureOf(harness, content({ empty: {} }));
    assertReason(failure, 'DestinationFull');
    assert.match(failure.message, / and 0 inodes left now/);
    assert.deepEqual(await readdir(join(disk.path, 'tests/content/.gitpod')), []);
    await disk.remount('nr_inodes=64');
    await harness.run({ cleanSlate: true, ...content({ empty: {} }) });
    assert.ok((await stat(join(disk.path, 'tests/content/.gitpod/ready'))).size > 0);
  });

  test('a directory that cannot be made for lack of inodes is DestinationFull', async () => {
    await using harness = await createSandboxHarness({ childDir });
    await using disk = await mountTmpfs(harness.dataRoot, 'nr_inodes=2');
    await assert.rejects(harness.destination(), isReason('DestinationFull', /no space is left/));
    assert.deepEqual(await readdir(disk.path), [], 'the directory above it is taken back');
  });

  test('a file system that turned read-only is DestinationReadOnly in every phase', async () => {
    await using harness = await createSandboxHarness({ childDir });
    await using disk = await mountTmpfs(harness.dataRoot, 'size=64m');
    const destination = await harness.destination();
    await writeFile(join(destination, 'old'), '');
    await disk.remount('ro');
    for (const [step, changes] of Object.entries(contents)) {
      for (const cleanSlate of [true, false]) {
        const uid = freshUid();
        const failure = await harness
          .run({ uid, destination, cleanSlate, ...changes })
          .then(() => assert.fail(`${step} on a read-only file system`), asContentError);
        assertReason(failure, 'DestinationReadOnly');
        await assertNothingLeft(harness, uid);
      }
    }
    await assert.rejects(
      harness.destination('another'),
      isReason('DestinationReadOnly', /another/),
    );
    await disk.remount('rw');
    await harness.run({ destination, cleanSlate: true, ...contents['git'] });
    assert.ok((await readdir(destination)).includes('file-0'));
  });

  test('a disk that answers with errors is DestinationBroken', async () => {
    await using harness = await createSandboxHarness({ childDir });
    const { dataRoot } = harness;
    const destination = join(dataRoot, 'tests/content');
    const makeOld = async (): Promise<void> => {
      await prepareDestination(dataRoot, 'tests', destination, owner);
      await mkdir(join(destination, 'old'));
    };
    {
      await using disks = new AsyncDisposableStack();
      disks.use(
        await mountDamaged(dataRoot, harness.temp.join('a'), makeOld, '/tests/content/old'),
      );
      const uid = freshUid();
      const failure = await harness
        .run({ uid, destination, cleanSlate: true, ...contents['git'] })
        .then(() => assert.fail('a broken disk'), asContentError);
      assertReason(failure, 'DestinationBroken');
      await assertNothingLeft(harness, uid);
    }
    await using disks = new AsyncDisposableStack();
    disks.use(await mountDamaged(dataRoot, harness.temp.join('b'), makeOld, '/tests/content'));
    await assert.rejects(isEmptyDestination(destination), isReason('DestinationBroken', /content/));
  });
});

function content(initializer: InitializerMessage): Changes {
  return { initializer: contentservice.WorkspaceInitializer.encode(initializer).finish() };
}

async function failureOf(
  harness: SandboxHarness,
  changes: Partial<RunRequest>,
): Promise<ContentError> {
  return await harness.run(changes).then(() => assert.fail('there was room'), asContentError);
}

function asContentError(error: unknown): ContentError {
  if (error instanceof ContentError) return error;
  throw error;
}

/** And that people are told what to do. */
function assertReason(error: ContentError, reason: ErrorReason): void {
  assert.equal(error.reason, reason, error.message);
  assert.ok(explain(error).endsWith(errorCatalogue[reason].remedy));
}

function isReason(reason: ErrorReason, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assertReason(asContentError(error), reason);
    assert.match(asContentError(error).message, message);
    return true;
  };
}
