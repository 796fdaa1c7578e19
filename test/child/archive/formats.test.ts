/** Archives of real tools in each of their formats, restored and compared with what they were made from. */
import assert from 'node:assert/strict';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { execa } from 'execa';
import { mapId } from '../../../src/child/archive/tar/owners.ts';
import {
  capabilitiesOf,
  getAttributes,
  makeTree,
  setAttribute,
  setCapabilities,
} from '../../support/archive-tree.ts';
import {
  createRestoreHarness,
  idMappings,
  listTree,
  type RestoreHarness,
} from '../../support/archive-restore.ts';

let harness: RestoreHarness;
const trees = { plain: '', whole: '' };

before(async () => {
  harness = await createRestoreHarness();
  trees.plain = harness.temp.join('plain');
  trees.whole = harness.temp.join('whole');
  await Promise.all(Object.values(trees).map(async (path) => await mkdir(path)));
  await makeTree(trees.plain, { long: false, special: false });
  await makeTree(trees.whole, { long: true, special: true });
});
after(async () => await harness[Symbol.asyncDispose]());

const pythonProgram = `
import sys, tarfile
archive = tarfile.open(sys.argv[1], 'w', format=getattr(tarfile, sys.argv[3]))
archive.add(sys.argv[2], arcname='.')
archive.close()
`;

type Tree = keyof typeof trees;
const gnuTar = (tree: Tree, ...options: string[]) => ({
  tree,
  command: (archive: string) =>
    ['tar', ['-C', trees[tree], ...options, '-cf', archive, '.']] as const,
});
const bsdtar = (tree: Tree, ...options: string[]) => ({
  tree,
  command: (archive: string) =>
    ['bsdtar', ['-C', trees[tree], ...options, '-cf', archive, '.']] as const,
});
const python = (tree: Tree, format: string) => ({
  tree,
  command: (archive: string) =>
    ['python3', ['-c', pythonProgram, archive, trees[tree], format]] as const,
});

const archives = {
  'GNU tar, gnu': gnuTar('whole', '--format=gnu'),
  'GNU tar, gnu, sparse': gnuTar('whole', '--format=gnu', '--sparse'),
  'GNU tar, oldgnu': gnuTar('whole', '--format=oldgnu', '--sparse'),
  'GNU tar, pax': gnuTar('whole', '--format=pax'),
  'GNU tar, pax, sparse 0.0': gnuTar('whole', '--format=pax', '--sparse', '--sparse-version=0.0'),
  'GNU tar, pax, sparse 0.1': gnuTar('whole', '--format=pax', '--sparse', '--sparse-version=0.1'),
  'GNU tar, pax, sparse 1.0': gnuTar('whole', '--format=pax', '--sparse', '--sparse-version=1.0'),
  'GNU tar, ustar': gnuTar('plain', '--format=ustar'),
  'GNU tar, v7': gnuTar('plain', '--format=v7'),
  'GNU tar, names without ./': gnuTar('whole', '--format=gnu', '--transform=s,^\\./,,'),
  'bsdtar, pax': bsdtar('whole', '--format=pax'),
  'bsdtar, gnutar': bsdtar('whole', '--format=gnutar'),
  'bsdtar, ustar': bsdtar('plain', '--format=ustar'),
  'bsdtar, v7': bsdtar('plain', '--format=v7'),
  'python, PAX_FORMAT': python('whole', 'PAX_FORMAT'),
  'python, GNU_FORMAT': python('whole', 'GNU_FORMAT'),
  'python, USTAR_FORMAT': python('plain', 'USTAR_FORMAT'),
};

/** What the tree is to look like once restored. */
async function expected(tree: string): Promise<string[]> {
  const lines = await listTree(tree);
  return lines.map((line) => {
    if (line.startsWith('.: ')) return '.: directory 755 33333:33333';
    return line.replace(/ (\d+):(\d+)\b/, (_, uid: string, gid: string) => {
      return ` ${mapId(Number(uid), idMappings)}:${mapId(Number(gid), idMappings)}`;
    });
  });
}

describe('a tree comes back whole from', () => {
  for (const [name, { tree, command }] of Object.entries(archives)) {
    test(name, async () => {
      const archive = harness.temp.join('archive.tar');
      const [program, args] = command(archive);
      await execa(program, args, { env: { LC_ALL: 'C.UTF-8' } });
      const { where, entries, bytes, warnings } = await harness.restore(await readFile(archive));

      const restored = await listTree(where);
      assert.deepEqual(restored, await expected(trees[tree]));
      assert.equal(entries, restored.length);
      assert.ok(bytes > 5000 && bytes < 400_000, `${bytes} bytes`);
      assert.deepEqual(warnings, []);
      assert.equal((await stat(`${where}/dir/block.txt`)).mtimeMs, 1_234_567_890_000);
      if (name.includes('sparse')) {
        const { blocks } = await stat(`${where}/sparse`);
        assert.ok(blocks * 512 < 300_000, `${blocks} blocks: the holes are filled`);
      }
    });
  }
});

describe('extended attributes', () => {
  const tar = async (tree: string): Promise<Buffer> => {
    const archive = harness.temp.join('attributes.tar');
    const options = ['--format=pax', '--xattrs', '--xattrs-include=*'];
    await execa('tar', ['-C', tree, ...options, '-cf', archive, '.']);
    return await readFile(archive);
  };

  test('of files and directories come back, but for overlay’s and trusted ones', async () => {
    const tree = harness.temp.join('attributes');
    await mkdir(`${tree}/dir`, { recursive: true });
    await execa('cp', ['/bin/true', `${tree}/program`]);
    await setCapabilities(`${tree}/program`);
    await setAttribute(`${tree}/program`, 'user.note', 'a=b\nc%20ü');
    await setAttribute(`${tree}/dir`, 'user.of-dir', 'x');
    await setAttribute(`${tree}/dir`, 'trusted.overlay.opaque', 'y');
    await setAttribute(`${tree}/dir`, 'user.overlay.impure', 'y');
    await setAttribute(`${tree}/program`, 'user.overlay.origin', 'y');

    const { where, warnings } = await harness.restore(await tar(tree));
    const { 'security.capability': restored, ...others } = await getAttributes(`${where}/program`);
    assert.deepEqual(others, { 'user.note': Buffer.from('a=b\nc%20ü').toString('latin1') });
    assert.equal(restored, capabilitiesOf(33333));
    assert.deepEqual(await getAttributes(`${where}/dir`), { 'user.of-dir': 'x' });
    assert.deepEqual(warnings, []);
  });
});
