import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import type { InitializerMessage } from '../../../src/api/initializer.ts';
import type { ContentReport } from '../../../src/api/protocol.ts';
import { type FileServer, startFileServer } from '../../support/file-server.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { digestOf, download } from '../support/download.ts';
import { fill } from '../support/fill.ts';
import { builtBytes, prebuildName, type Prebuilds, startPrebuilds } from '../support/prebuilds.ts';
import { composite, type GitFields } from '../support/request.ts';

describe('a prebuild', () => {
  let temp: TempDir;
  let prebuilds: Prebuilds;
  let files: FileServer;
  let remoteUri: string;
  let archive: Buffer;
  before(async () => {
    [prebuilds, files] = await Promise.all([startPrebuilds(), startFileServer()]);
    ({ remoteUri } = prebuilds);
    archive = await prebuilds.pack();
  });
  after(async () => {
    await prebuilds[Symbol.asyncDispose]();
    await files.stop();
  });

  let destination: string;
  beforeEach(async () => {
    temp = await createTempDir();
    destination = temp.join('content');
    await mkdir(destination);
  });
  afterEach(async () => await temp.remove());

  const prebuild = (git?: GitFields): InitializerMessage => prebuilds.prebuild(git);
  const run = async (
    initializer: InitializerMessage,
    content: Uint8Array = archive,
  ): Promise<ContentReport> => await prebuilds.run(destination, initializer, content);
  const steps = ({ metrics }: ContentReport): string[] =>
    metrics.map(({ path, type }) => `${path} ${type}`);
  const read = async (path: string): Promise<string> =>
    await readFile(`${destination}/${path}`, 'utf8');
  const cut = (): Buffer => archive.subarray(0, archive.length - builtBytes / 2);

  test('whose checkout is what is asked for counts as one', async () => {
    const report = await run(prebuild());
    assert.deepEqual([report.source, report.warnings], ['from-prebuild', []]);
    assert.deepEqual(steps(report), ['prebuild.snapshot snapshot', 'prebuild prebuild']);
    const [snapshot, whole] = report.metrics;
    assert.ok((snapshot?.size ?? 0) > builtBytes);
    assert.equal(whole?.size, snapshot?.size);
    assert.equal((await read('built/output')).length, builtBytes);
    assert.equal(await read('README.md'), 'two');
  });

  const useless: readonly (readonly [string, () => Uint8Array])[] = [
    ['is cut off', cut],
    ['is no archive', () => Buffer.from('<html>')],
    ['is empty', () => Buffer.alloc(0)],
  ];
  for (const [what, content] of useless) {
    test(`whose snapshot ${what} leaves nothing of it, and the repository is cloned`, async () => {
      const report = await run(prebuild(), content());
      assert.equal(report.source, 'from-other');
      assert.deepEqual(steps(report), ['prebuild.git[0] git', 'prebuild prebuild']);
      assert.match(
        report.warnings.join('\n'),
        /^prebuild\.snapshot: the repositories were cloned, since the snapshot could not be restored: /,
      );
      assert.deepEqual((await readdir(destination)).sort(), ['.git', '.gitpod', 'README.md']);
      const [git, whole] = report.metrics;
      assert.equal(whole?.size, git?.size);
    });
  }

  test('whose snapshot the store does not have is cloned, with a warning', async () => {
    const report = await fill(destination, prebuild());
    assert.equal(report.source, 'from-other');
    assert.match(report.warnings[0] ?? '', /did not find snapshot build@prebuilds$/);
    assert.equal(await read('README.md'), 'two');
  });

  test('without any snapshot is cloned all the same', async () => {
    const report = await fill(destination, { prebuild: { git: [{ remoteUri, config: {} }] } });
    assert.deepEqual([report.source, report.warnings], ['from-other', []]);
    assert.deepEqual(steps(report), ['prebuild.git[0] git', 'prebuild prebuild']);
    assert.equal(await read('README.md'), 'two');
  });

  test('without a repository fails as its snapshot does', async () => {
    const only = { prebuild: { prebuild: { snapshot: prebuildName } } };
    await assert.rejects(run(only, cut()), {
      reason: 'ArchiveCorrupt',
      step: 'prebuild.snapshot',
    });
    assert.equal((await run(only)).source, 'from-prebuild');
  });

  test('fails when the repository cannot be cloned either', async () => {
    const elsewhere = prebuild({ remoteUri: `${prebuilds.gits.url}/none.git` });
    await assert.rejects(run(elsewhere, cut()), {
      reason: 'GitRepositoryNotFound',
      step: 'prebuild.git[0]',
    });
  });

  test('that failed takes nothing of earlier steps with it', async () => {
    const url = files.serve('/notes', 'mine');
    const earlier = [
      download(url, digestOf('mine'), 'notes'),
      download(url, digestOf('mine'), 'built/mine'),
    ];
    const report = await run(composite(...earlier, prebuild()), cut());
    assert.equal(report.source, 'from-other');
    assert.deepEqual([await read('notes'), await read('built/mine')], ['mine', 'mine']);
    assert.deepEqual(await readdir(`${destination}/built`), ['mine']);
  });

  test('that failed after it replaced a file of an earlier step is a failure', async () => {
    const url = files.serve('/readme', 'mine');
    const earlier = download(url, digestOf('mine'), 'README.md');
    await assert.rejects(run(composite(earlier, prebuild()), cut()), {
      reason: 'ArchiveCorrupt',
      step: 'composite[1].prebuild.snapshot',
    });
  });

  test('that came with a volume snapshot is not downloaded', async () => {
    await writeFile(`${destination}/work`, 'of days');
    const there = { snapshot: prebuildName, fromVolumeSnapshot: true };
    const report = await run({ prebuild: { prebuild: there } });
    assert.equal(report.source, 'from-prebuild');
    assert.deepEqual(steps(report), ['prebuild prebuild']);
    assert.deepEqual((await readdir(destination)).sort(), ['.gitpod', 'work']);
  });

  test('without the working copy that is asked for says so', async () => {
    const report = await run(prebuild({ checkoutLocation: 'elsewhere' }));
    assert.deepEqual(report.warnings, [
      'prebuild.git[0]: the snapshot holds no working copy in elsewhere, so git left it alone',
    ]);
  });

  test('whose working copy lies behind a link of the snapshot is refused', async () => {
    await mkdir(temp.join('outside'));
    await chmod(temp.join('outside'), 0o777);
    await execa('ln', ['-s', temp.join('outside'), `${destination}/away`]);
    const there = {
      prebuild: { fromVolumeSnapshot: true },
      git: [{ remoteUri, config: {}, checkoutLocation: 'away' }],
    };
    await assert.rejects(fill(destination, { prebuild: there }), { reason: 'PathNotAllowed' });
  });

  test('that is stopped is stopped, and falls back on nothing', async () => {
    const stop = new AbortController();
    const { href: url } = prebuilds.store.put('/prebuilds/hangs', {
      content: archive,
      misbehave: () => {
        stop.abort(new Error('enough'));
        return { hang: true };
      },
    });
    const options = { remoteContent: { [prebuildName]: { url } }, signal: stop.signal };
    await assert.rejects(fill(destination, prebuild(), options), { message: /enough/ });
    assert.deepEqual(await readdir(destination), []);
  });
});
