import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { planStep } from '../../../src/child/initializers/registry.ts';
import type { InitializerMessage } from '../../../src/api/initializer.ts';
import { type FileServer, startFileServer } from '../../support/file-server.ts';
import { type GitServer, startGitServer } from '../../support/git-server.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { fill } from '../support/fill.ts';
import { composite, git } from '../support/request.ts';

const text = 'a file\n';
const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;

describe('a composite', () => {
  let gits: GitServer;
  let files: FileServer;
  let remoteUri: string;
  let temp: TempDir;
  before(async () => {
    [gits, files] = await Promise.all([startGitServer(), startFileServer()]);
    remoteUri = (await gits.create('project', { commits: [{ files: { 'README.md': 'x' } }] })).url;
  });
  after(async () => await Promise.all([gits.stop(), files.stop()]));
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => await temp.remove());

  const download = (filePath: string): InitializerMessage => ({
    download: { files: [{ url: files.serve('/file', text), filePath, digest }] },
  });

  test('runs its steps in order and measures each, itself last', async () => {
    const progress = [] as { step: string }[];
    const { metrics, source } = await fill(
      temp.path,
      composite(
        git({ remoteUri }),
        composite(download('extra/file'), { empty: {} }, git({ remoteUri, checkoutLocation: 'b' })),
      ),
      { progress },
    );
    assert.equal(source, 'from-other');
    assert.deepEqual(
      metrics.map(({ path, type }) => `${path} ${type}`),
      [
        'composite[0].git git',
        'composite[1].composite[0].download fileDownload',
        'composite[1].composite[2].git git',
        'composite[1].composite composite',
        'composite composite',
      ],
    );
    const sizes = metrics.map(({ size }) => size);
    assert.equal(sizes[1], text.length);
    assert.equal(sizes[3], (sizes[1] ?? 0) + (sizes[2] ?? 0));
    assert.equal(sizes[4], (sizes[0] ?? 0) + (sizes[3] ?? 0));
    assert.ok(
      (metrics[4]?.duration ?? 0) >= (metrics[0]?.duration ?? 0) + (metrics[3]?.duration ?? 0),
    );
    assert.deepEqual((await readdir(temp.path)).sort(), [
      '.git',
      '.gitpod',
      'README.md',
      'b',
      'extra',
    ]);
    assert.ok(progress.some(({ step }) => step === 'composite[1].composite[0].download'));
  });

  test('clones beside the files of an earlier step', async () => {
    await fill(temp.path, composite(download('notes.txt'), git({ remoteUri })));
    assert.deepEqual((await readdir(temp.path)).sort(), [
      '.git',
      '.gitpod',
      'README.md',
      'notes.txt',
    ]);
  });

  test('leaves what earlier steps made when a later one fails, and no ready file', async () => {
    const failing = git({ remoteUri: `${gits.url}/none.git` });
    await assert.rejects(fill(temp.path, composite(download('notes.txt'), failing)), {
      reason: 'GitRepositoryNotFound',
      step: 'composite[1].git',
    });
    assert.deepEqual(await readdir(temp.path), ['notes.txt']);
  });

  test('clones a location once', async () => {
    const { metrics } = await fill(temp.path, composite(git({ remoteUri }), git({ remoteUri })));
    assert.deepEqual(
      metrics.map(({ path }) => path),
      ['composite[0].git', 'composite'],
    );
    assert.equal(metrics[1]?.size, metrics[0]?.size);
  });
});

describe('what is wrong', () => {
  let temp: TempDir;
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => await temp.remove());

  const url = 'http://127.0.0.1:1/x';
  const refused: readonly [InitializerMessage, reason: string, message: RegExp][] = [
    [{ prebuild: {} }, 'InvalidSpec', /^composite\[1\]\.prebuild: names neither a snapshot /],
    [
      composite({ backup: { checkoutLocation: '../x' } }),
      'InvalidSpec',
      /^composite\[1\]\.composite\[0\]\.backup\.checkoutLocation: /,
    ],
    [{ git: { remoteUri: url } }, 'InvalidSpec', /^Git initializer misses config$/],
    [
      { git: { remoteUri: url, config: {}, upstreamRemoteUri: 'ssh://h/x' } },
      'InvalidSpec',
      /^composite\[1\]\.git\.upstreamRemoteUri: /,
    ],
    [
      { download: { files: [{ url, filePath: 'x' }] } },
      'InvalidSpec',
      /^composite\[1\]\.download\.files\[0\]\.digest: is missing/,
    ],
    [{}, 'InvalidSpec', /asks for nothing/],
  ];
  for (const [message, reason, text_] of refused) {
    test(`is refused before the first step runs: ${text_.source}`, async () => {
      const first = git({ remoteUri: url, checkoutLocation: 'first' });
      await assert.rejects(fill(temp.path, composite(first, message)), { reason, message: text_ });
      assert.deepEqual(await readdir(temp.path), []);
    });
  }

  test('planning writes and starts nothing', () => {
    assert.equal(planStep({ empty: {} }).path, 'empty');
  });
});
