/** What the sandbox allows: four capabilities in a user namespace, none of which overrides permissions. */
import assert from 'node:assert/strict';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { execa } from 'execa';
import { rawArchive } from '../../support/archive-maker.ts';
import { idMappings, listTree } from '../../support/archive-restore.ts';
import { type ArchiveSandbox, createArchiveSandbox } from '../../support/archive-sandbox.ts';
import { type ObjectServer, startObjectServer } from '../../support/archive-server.ts';
import { getAttributes, makeTree, setAttribute } from '../../support/archive-tree.ts';

let sandbox: ArchiveSandbox;
let server: ObjectServer;
before(async () => {
  sandbox = await createArchiveSandbox();
  server = await startObjectServer();
});
after(async () => {
  await server.stop();
  await sandbox[Symbol.asyncDispose]();
});

async function archived(tree: string): Promise<Buffer> {
  const archive = `${tree}.tar`;
  const options = ['--format=pax', '--sparse', '--xattrs', '--xattrs-include=*'];
  await execa('tar', ['-C', tree, ...options, '-cf', archive, '.']);
  return await readFile(archive);
}

test('ids are mapped, whiteouts made, and directories of others filled', async () => {
  const tree = sandbox.harness.temp.join('tree');
  await mkdir(tree);
  await makeTree(tree, { long: false, special: true });
  const url = server.put('/tree.tar', { content: await archived(tree) });
  const { where, result } = await sandbox.restore({ url, idMappings });
  // Of the sparse file its map and its data count, its holes do not.
  assert.deepEqual(result, { bytes: 15_247, entries: 20, warnings: [] });
  assert.deepEqual(await listTree(where), [
    '.: directory 755 33333:33333',
    'closed: directory 700 100004:100004',
    'closed/secret: file 644 100004:100004 6 secret',
    'dir: directory 755 100999:101000',
    `dir/block.txt: file 644 100000:100001 512 ${'x'.repeat(40)}`,
    'dir/deep: directory 755 33333:33333',
    'dir/deep/read-only.txt: file 400 33333:33333 9 read-only',
    `dir/more.txt: file 644 33333:33333 links=2 5000 ${'y'.repeat(40)}`,
    'dir/outside: link 33333:33333 -> /etc/passwd',
    'empty: directory 755 33333:33333',
    'empty.txt: file 644 33333:33333 0 ',
    'fifo: fifo 644 33333:33333',
    `hard: file 644 33333:33333 links=2 5000 ${'y'.repeat(40)}`,
    'latin1-\u00e4: file 644 33333:33333 9 not utf-8',
    'link: link 100999:100999 -> dir/more.txt',
    'program: file 4755 33333:33333 10 #!/bin/sh?',
    `sparse: file 644 33333:33333 300000 begin${'?'.repeat(35)}`,
    'sticky: directory 1777 33333:33333',
    'uml\u00c3\u00a4ut und blank: file 644 33333:33333 5 utf-8',
    'whiteout: device 644 33333:33333 0',
  ]);
});

test('extended attributes come back where mode and owner forbid writing them', async () => {
  const tree = sandbox.harness.temp.join('attributes');
  await mkdir(`${tree}/closed/inner`, { recursive: true });
  const files = ['closed/inner/none', 'closed/read-only', 'plain'];
  for (const path of files) {
    await writeFile(`${tree}/${path}`, path);
    await setAttribute(`${tree}/${path}`, 'user.note', path);
  }
  await setAttribute(`${tree}/closed`, 'user.note', 'closed');
  await chown(`${tree}/closed/inner/none`, 5, 5);
  await chmod(`${tree}/closed/inner/none`, 0);
  await chmod(`${tree}/closed/read-only`, 0o444);
  await chown(`${tree}/closed/inner`, 7, 7);
  await chmod(`${tree}/closed/inner`, 0o700);
  await chown(`${tree}/closed`, 6, 6);
  await chmod(`${tree}/closed`, 0o500);

  const url = server.put('/attributes.tar', { content: await archived(tree) });
  const { where, result } = await sandbox.restore({ url, idMappings });
  assert.deepEqual(result, { bytes: 38, entries: 6, warnings: [] });
  assert.deepEqual(await listTree(where), [
    '.: directory 755 33333:33333',
    'closed: directory 500 100005:100005',
    'closed/inner: directory 700 100006:100006',
    'closed/inner/none: file 0 100004:100004 17 closed/inner/none',
    'closed/read-only: file 444 33333:33333 16 closed/read-only',
    'plain: file 644 33333:33333 5 plain',
  ]);
  for (const path of [...files, 'closed']) {
    assert.deepEqual(await getAttributes(`${where}/${path}`), { 'user.note': path });
  }
});

test('a device node is refused before the kernel would', async () => {
  const content = rawArchive({ name: 'a' }, { name: 'sda', type: '4', device: [8, 0] });
  const { result } = await sandbox.restore({
    url: server.put('/device.tar', { content }),
    idMappings,
  });
  assert.deepEqual(result, {
    reason: 'ArchiveUnsafe',
    message: 'the entry "sda" is a device node',
  });
});
