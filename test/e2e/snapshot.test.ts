/** Snapshots from a real object store through the real sandbox. */
import assert from 'node:assert/strict';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { execa } from 'execa';
import type { ContentProgress } from '../../src/api/protocol.ts';
import { composite, snapshot } from '../storage/collecting.ts';
import { listTree } from '../support/archive-restore.ts';
import { getAttributes, makeTree, setAttribute } from '../support/archive-tree.ts';
import { type ContentNode, startContentNode } from '../support/content-node.ts';

/** What `makeTree` makes, as the ids of the original's mappings have it on the node. */
const restored = `
.: directory 755 33333:33333
.gitpod: directory 755 33333:33333
closed: directory 700 100004:100004
closed/secret: file 644 100004:100004 6 secret
dir: directory 755 100999:101000
dir/block.txt: file 644 100000:100001 512 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
dir/deep: directory 755 33333:33333
dir/deep/read-only.txt: file 400 33333:33333 9 read-only
dir/more.txt: file 644 33333:33333 links=2 5000 yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
empty: directory 755 33333:33333
empty.txt: file 644 33333:33333 0
fifo: fifo 644 33333:33333
hard: file 644 33333:33333 links=2 5000 yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
latin1-\xe4: file 644 33333:33333 9 not utf-8
link: link 100999:100999 -> dir/more.txt
program: file 4755 33333:33333 10 #!/bin/sh?
sparse: file 644 33333:33333 300000 begin???????????????????????????????????
sticky: directory 1777 33333:33333
whiteout: device 644 33333:33333 0`;

/** Left out: the ready file's durations, and what `listTree` shows in another encoding. */
const shown = (line: string): boolean => !/^(\.gitpod\/ready|uml|dir\/outside)/.test(line);

describe('a snapshot', () => {
  let node: ContentNode;
  before(async () => {
    node = await startContentNode();
  });
  after(async () => await node[Symbol.asyncDispose]());

  const pack = async (tree: string, name: string, ...options: string[]): Promise<void> => {
    const file = node.temp.join('archive');
    const format = ['--format=posix', '--xattrs'];
    await execa('tar', ['--create', ...format, ...options, `--file=${file}`, '-C', tree, '.']);
    await node.store.putObject('snapshots', name, { file });
  };
  const tree = async (name: string, files: Record<string, string> = {}): Promise<string> => {
    const path = node.temp.join(name);
    await mkdir(path);
    for (const [file, text] of Object.entries(files)) await writeFile(`${path}/${file}`, text);
    return path;
  };

  test('comes out as it was, owners mapped, however it is compressed', async () => {
    const root = await tree('everything');
    await makeTree(root, { long: false, special: true });
    await setAttribute(`${root}/empty.txt`, 'user.note', 'kept');
    for (const compression of ['--no-auto-compress', '--gzip', '--zstd']) {
      await pack(root, 'everything', compression);
      const { report, where } = await node.attempt(snapshot('everything@snapshots'));
      const lines = (await listTree(where)).map((line) => line.trimEnd()).filter(shown);
      assert.equal(`\n${lines.join('\n')}`, restored, compression);
      assert.equal((await getAttributes(`${where}/empty.txt`))['user.note'], 'kept');
      const [metric, ...more] = report.metrics;
      assert.deepEqual([report.source, report.warnings, more], ['from-backup', [], []]);
      assert.deepEqual([metric?.type, metric?.path], ['snapshot', 'snapshot']);
      assert.ok((metric?.size ?? 0) > 5000 && (metric?.duration ?? 0) > 0);
    }
  });

  test('in nested composites: every one of them is restored, and measured by itself', async () => {
    await pack(await tree('first', { a: 'first' }), 'first');
    await pack(await tree('second', { b: 'the second' }), 'second', '--gzip');
    const initializer = composite(
      snapshot('first@snapshots'),
      composite({ empty: {} }, composite(snapshot('second@snapshots'))),
    );
    const { report, where } = await node.attempt(initializer);
    assert.equal(report.source, 'from-other');
    assert.deepEqual(
      report.metrics.map(({ path, size }) => [path, size]),
      [
        ['composite[0].snapshot', 5],
        ['composite[1].composite[1].composite[0].snapshot', 10],
        ['composite[1].composite[1].composite', 10],
        ['composite[1].composite', 10],
        ['composite', 15],
      ],
    );
    const lines = (await listTree(where)).filter((line) => /^[ab]:/.test(line));
    assert.deepEqual(lines, [
      'a: file 644 33333:33333 5 first',
      'b: file 644 33333:33333 10 the second',
    ]);
  });

  test('tells how far it is, and of how much', async () => {
    const progress: ContentProgress[] = [];
    const root = await tree('large');
    await execa('dd', ['if=/dev/urandom', `of=${root}/random`, 'bs=1M', 'count=64']);
    await pack(root, 'large');
    await node.attempt(snapshot('large@snapshots'), { progress });
    const last = progress.at(-1);
    assert.ok(last?.bytes !== undefined && last.bytes === last.totalBytes);
    for (const { step, phase, bytes = 0, totalBytes = 0 } of progress) {
      assert.deepEqual([step, phase], ['snapshot', 'Restoring']);
      assert.ok(bytes > 0 && bytes <= totalBytes && totalBytes > 64 * 1024 ** 2);
    }
  });

  test('whose archive takes the destination and .gitpod for itself ends with the user owning both', async () => {
    const root = await tree('jealous', { file: 'text' });
    await mkdir(`${root}/.gitpod`);
    await writeFile(`${root}/.gitpod/ready`, 'of another life');
    for (const path of [`${root}/.gitpod/ready`, `${root}/.gitpod`, root]) {
      await chown(path, 4, 4);
      await chmod(path, path.endsWith('ready') ? 0o400 : 0o500);
    }
    await pack(root, 'jealous');
    const { where } = await node.attempt(snapshot('jealous@snapshots'));
    const lines = await listTree(where);
    assert.deepEqual(lines.slice(0, 2), [
      '.: directory 700 33333:33333',
      '.gitpod: directory 700 33333:33333',
    ]);
    assert.match(lines[2] ?? '', /^\.gitpod\/ready: file 644 33333:33333 .*from-backup/);
  });

  test('that is cut off fails; the next attempt removes what it left, whosever it is', async () => {
    const root = await tree('cut');
    for (const directory of ['.gitpod', 'one', 'one/two', 'lat\xe4']) {
      await mkdir(Buffer.from(`${root}/${directory}`, 'latin1'));
    }
    await writeFile(`${root}/.gitpod/ready`, '{"source":"from-other","metrics":[]}');
    await writeFile(`${root}/one/two/file`, 'text');
    await writeFile(`${root}/zeros`, Buffer.alloc(4 * 1024 ** 2));
    await execa('chown', ['-R', '7:7', root]);
    await execa('chmod', ['-R', 'a-w', root]);
    await pack(root, 'whole', '--sort=name');
    const file = node.temp.join('archive');
    await execa('truncate', ['--size=-1M', file]);
    await node.store.putObject('snapshots', 'cut', { file });
    const failing = node.attempt(snapshot('cut@snapshots'), { name: 'cut' });
    await assert.rejects(failing, { reason: 'ArchiveCorrupt', step: 'snapshot' });
    const left = await listTree(node.where('cut'));
    assert.ok(left.some((line) => line.startsWith('one/two/file: file 444 100006:100006')));
    // Nobody may take the ready file of an earlier life for that of this one.
    assert.ok(!left.some((line) => line.startsWith('.gitpod/ready')));

    const again = { name: 'cut', cleanSlate: true };
    await node.attempt({ empty: {} }, again);
    const names = (await listTree(node.where('cut'))).map((line) => line.split(':')[0]);
    assert.deepEqual(names, ['.', '.gitpod', '.gitpod/ready']);
  });
});
