/**
 * What each initializer leaves behind, as the original does: files, owners, modes, ready file, metrics and
 * source. Where this project does otherwise, the row names the fault of docs/faults.md that it fixes.
 */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { execa } from 'execa';
import type { GitMessage, InitializerMessage } from '../../src/api/initializer.ts';
import type { Source } from '../../src/api/protocol.ts';
import { toInitializerMetrics } from '../../src/controller/step-status.ts';
import { digestOf } from '../child/support/download.ts';
import { REMOTE_BRANCH } from '../child/support/request.ts';
import { composite, snapshot } from '../storage/collecting.ts';
import { listTree } from '../support/archive-restore.ts';
import { backupPlace, type ContentNode, startContentNode } from '../support/content-node.ts';
import { type FileServer, startFileServer } from '../support/file-server.ts';
import { gitEnvironment } from '../support/git-repository.ts';
import { type GitServer, startGitServer } from '../support/git-server.ts';

interface Row {
  readonly what: string;
  readonly initializer: InitializerMessage;
  readonly source: Source;
  /** In the order of the ready file. */
  readonly metrics: readonly string[];
  /** Of the status. */
  readonly keys: readonly string[];
  /** All but the root, .gitpod and what is below a .git: `path: type mode uid:gid ...`. */
  readonly tree: readonly string[];
  /** Where it is not what the original leaves. */
  readonly fixes?: number;
}

const ours = '33333:33333';
const readme = `README.md: file 644 ${ours} 3 one`;
const git = `.git: directory 755 ${ours}`;
const built = [
  git,
  readme,
  `built: directory 755 ${ours}`,
  `built/output: file 644 ${ours} 4 done`,
];
const archived = [
  'bin: directory 750 100999:100999',
  'bin/tool: file 755 100999:100999 4 tool',
  // The original leaves links to the ids that the archive has, this one to root of the node (ADR 9).
  `link: link ${ours} -> bin/tool`,
  `notes: file 600 ${ours} 5 notes`,
];

describe('parity with the original', () => {
  let node: ContentNode;
  let gits: GitServer;
  let files: FileServer;
  let remoteUri: string;
  let dotted: string;
  before(async () => {
    [node, gits, files] = await Promise.all([
      startContentNode(),
      startGitServer(),
      startFileServer(),
    ]);
    const next = { files: { next: 'two' }, branch: 'next' };
    const commits = [{ files: { 'README.md': 'one' } }, next];
    remoteUri = (await gits.create('project', { commits })).url;
    dotted = (await gits.create('dotted', { commits: [{ files: { '.gitpod': 'tasks' } }] })).url;
    await pack('snapshot', async (root) => {
      await mkdir(`${root}/bin`);
      await writeFile(`${root}/bin/tool`, 'tool', { mode: 0o755 });
      await writeFile(`${root}/notes`, 'notes', { mode: 0o600 });
      await execa('ln', ['-s', 'bin/tool', `${root}/link`]);
      await execa('chmod', ['750', `${root}/bin`]);
      await execa('chown', ['-R', '1000:1000', `${root}/bin`]);
    });
    await pack('prebuild', async (root) => {
      await execa('git', ['clone', '--quiet', remoteUri, root], { env: gitEnvironment });
      await mkdir(`${root}/built`);
      await writeFile(`${root}/built/output`, 'done');
    });
  });
  after(async () => {
    await Promise.all([node[Symbol.asyncDispose](), gits.stop(), files.stop()]);
  });

  const pack = async (name: string, fill: (root: string) => Promise<void>): Promise<void> => {
    const [root, file] = [node.temp.join(name), node.temp.join(`${name}.tar`)];
    await mkdir(root);
    await fill(root);
    await execa('tar', ['--create', `--file=${file}`, '-C', root, '.']);
    await node.store.putObject('snapshots', name, { file });
  };
  const clone = (fields: object = {}): InitializerMessage => ({
    git: { remoteUri, config: {}, ...fields },
  });
  const prebuild = (name: string, fields: GitMessage = {}): InitializerMessage => ({
    prebuild: { prebuild: { snapshot: name }, git: [{ remoteUri, config: {}, ...fields }] },
  });
  const download = (): InitializerMessage => ({
    download: {
      targetLocation: 'docs',
      files: [{ url: files.serve('/f', 'file'), filePath: 'a/f', digest: digestOf('file') }],
    },
  });

  const check = async (row: Row): Promise<void> => {
    const { report, where } = await node.attempt(row.initializer);
    assert.equal(report.source, row.source);
    assert.deepEqual(
      report.metrics.map(({ type }) => type),
      row.metrics,
    );
    assert.deepEqual(Object.keys(toInitializerMetrics(report.metrics) ?? {}), row.keys);

    const text = await readFile(`${where}/.gitpod/ready`, 'utf8');
    const metrics = report.metrics.map(({ type, duration, size }) => ({ type, duration, size }));
    assert.equal(text, JSON.stringify({ source: row.source, metrics }));
    const lines = await listTree(where);
    const isShown = (line: string): boolean => !/(^|\/)\.git\//.test(line);
    const [root, ...tree] = lines.filter(isShown).filter((line) => !line.startsWith('.gitpod'));
    assert.equal(root, `.: directory 755 ${ours}`);
    assert.deepEqual(tree, row.tree);
    const marks = lines.filter((line) => line.startsWith('.gitpod'));
    assert.equal(marks[0], `.gitpod: directory 755 ${ours}`);
    assert.ok(marks[1]?.startsWith(`.gitpod/ready: file 644 ${ours} `));
  };

  const rows = (): readonly Row[] => [
    {
      what: 'empty',
      initializer: { empty: {} },
      ...{ source: 'from-other', metrics: [], keys: [], tree: [] },
    },
    {
      what: 'git',
      initializer: clone(),
      ...{ source: 'from-other', metrics: ['git'], keys: ['git'], tree: [git, readme] },
    },
    {
      what: 'git with a location',
      initializer: clone({ checkoutLocation: 'a/b', fullClone: true }),
      ...{ source: 'from-other', metrics: ['git'], keys: ['git'] },
      tree: [
        `a: directory 755 ${ours}`,
        `a/b: directory 755 ${ours}`,
        `a/b/${git}`,
        `a/b/${readme}`,
      ],
    },
    {
      what: 'download',
      initializer: download(),
      ...{ source: 'from-other', metrics: ['fileDownload'], keys: ['fileDownload'] },
      tree: [
        `docs: directory 755 ${ours}`,
        `docs/a: directory 755 ${ours}`,
        `docs/a/f: file 644 ${ours} 4 file`,
      ],
    },
    {
      what: 'snapshot',
      initializer: snapshot('snapshot@snapshots'),
      ...{ source: 'from-backup', metrics: ['snapshot'], keys: ['snapshot'], tree: archived },
    },
    {
      what: 'snapshot from a volume snapshot',
      initializer: { snapshot: { snapshot: 'x@y', fromVolumeSnapshot: true } },
      ...{ source: 'from-backup', metrics: [], keys: [], tree: [] },
    },
    {
      what: 'prebuild',
      initializer: prebuild('prebuild@snapshots'),
      ...{ source: 'from-prebuild', metrics: ['snapshot', 'prebuild'], tree: built },
      keys: ['snapshot', 'prebuild'],
    },
    {
      what: 'prebuild of another branch',
      initializer: prebuild('prebuild@snapshots', {
        targetMode: REMOTE_BRANCH,
        cloneTarget: 'next',
      }),
      ...{ source: 'from-other', metrics: ['snapshot', 'prebuild'] },
      ...{ tree: [...built, `next: file 644 ${ours} 3 two`], keys: ['snapshot', 'prebuild'] },
    },
    {
      what: 'prebuild without its snapshot',
      initializer: prebuild('missing@snapshots'),
      ...{ source: 'from-other', metrics: ['git', 'prebuild'], keys: ['git', 'prebuild'] },
      ...{ tree: [git, readme], fixes: 14 },
    },
    {
      what: 'composite',
      initializer: composite(
        clone({ checkoutLocation: 'p' }),
        { empty: {} },
        composite(download()),
      ),
      source: 'from-other',
      metrics: ['git', 'fileDownload', 'composite', 'composite'],
      keys: ['git', 'fileDownload', 'composite'],
      tree: [
        `docs: directory 755 ${ours}`,
        `docs/a: directory 755 ${ours}`,
        `docs/a/f: file 644 ${ours} 4 file`,
        `p: directory 755 ${ours}`,
        `p/${git}`,
        `p/${readme}`,
      ],
    },
    {
      what: 'composite of one type twice',
      initializer: composite(snapshot('snapshot@snapshots'), snapshot('prebuild@snapshots')),
      ...{ source: 'from-other', metrics: ['snapshot', 'snapshot', 'composite'] },
      ...{ keys: ['snapshot', 'composite'], fixes: 13 },
      tree: [
        ...built.slice(0, 2),
        ...archived.slice(0, 2),
        ...built.slice(2),
        ...archived.slice(2),
      ],
    },
  ];
  test('holds for every initializer', async (context) => {
    for (const row of rows()) {
      const fixed = row.fixes === undefined ? '' : ` (fixes fault ${row.fixes})`;
      await context.test(`${row.what}${fixed}`, async () => await check(row));
    }
  });

  test('a tracked file .gitpod is moved to .gitpod.yaml by git', async () => {
    const { where } = await node.attempt(clone({ remoteUri: dotted }));
    assert.equal(await readFile(`${where}/.gitpod.yaml`, 'utf8'), 'tasks');
    const asked = ['-c', `safe.directory=${where}`, '-C', where, 'status', '--porcelain'];
    const { stdout } = await execa('git', asked, { env: gitEnvironment });
    assert.match(stdout, /^R {2}\.gitpod -> \.gitpod\.yaml$/m);
  });

  test('a backup goes before every initializer', async () => {
    const file = node.temp.join('snapshot.tar');
    await node.store.putObject(...backupPlace, { file });
    for (const initializer of [{ empty: {} }, { backup: {} }, clone(), prebuild('x@y')]) {
      const expected = {
        source: 'from-backup',
        metrics: ['fromBackup'],
        keys: ['backup'],
      } as const;
      await check({ what: 'backup', initializer, ...expected, tree: archived });
    }
  });
});
