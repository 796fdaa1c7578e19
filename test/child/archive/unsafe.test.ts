/** Archives that somebody made to get out of the destination, or to take it away from its owner. */
import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { base256, longName, pax, rawArchive, type RawEntry } from '../../support/archive-maker.ts';
import {
  createRestoreHarness,
  listTree,
  type RestoreHarness,
} from '../../support/archive-restore.ts';
import { isContentError } from '../../init/support/content-error.ts';

let harness: RestoreHarness;
before(async () => (harness = await createRestoreHarness()));
after(async () => await harness[Symbol.asyncDispose]());

const link = (name: string, target: string): RawEntry => ({ name, type: '2', link: target });
const hardLink = (name: string, target: string): RawEntry => ({ name, type: '1', link: target });
const outside = '../outside';

const refused: Record<string, readonly [RawEntry[], RegExp]> = {
  'an absolute name': [[{ name: '/etc/x' }], /"\/etc\/x" has an absolute name/],
  'a name with ..': [[{ name: '../x' }], /leads out of the destination/],
  'a name that comes back': [[{ name: 'a/../b' }], /leads out of the destination/],
  'a name that ends with ..': [[{ name: 'a/..', type: '5' }], /leads out of the destination/],
  'a prefix with ..': [[{ name: 'x', prefix: '../a', format: 'ustar' }], /leads out/],
  'a long name with ..': [[longName('../x'), { name: 'fine' }], /leads out/],
  'a pax name with ..': [[pax({ path: '../x' }), { name: 'fine' }], /leads out/],
  'a sparse name with ..': [
    [
      pax({ 'GNU.sparse.name': '../x', 'GNU.sparse.map': '0,0', 'GNU.sparse.size': '0' }),
      { name: 'fine' },
    ],
    /leads out/,
  ],
  'an absolute hard link': [[hardLink('x', '/etc/passwd')], /hard link "\/etc\/passwd" has an/],
  'a hard link with ..': [[hardLink('x', outside)], /hard link .* leads out/],
  'a long hard link with ..': [[longName(outside, 'K'), hardLink('x', 'a')], /leads out/],
  'a pax hard link with ..': [[pax({ linkpath: outside }), hardLink('x', 'a')], /leads out/],
  'a block device': [[{ name: 'sda', type: '4', device: [8, 0] }], /"sda" is a device node/],
  'a character device': [[{ name: 'null', type: '3', device: [1, 3] }], /is a device node/],
  'a block device 0:0': [[{ name: 'x', type: '4', device: [0, 0] }], /is a device node/],
  'a type that GNU tar acts on': [[{ name: 'x', type: 'D' }], /type that is not restored: "D"/],
  'a type that nobody knows': [[{ name: 'x', type: 'Q' }], /type that is not restored: "Q"/],
  'an entry behind a link': [
    [link('a', outside), { name: 'a/x', payload: 'x' }],
    /"a\/x" lies behind "a", which the archive made a symbolic link/,
  ],
  'an entry behind a link to inside': [
    [{ name: 'd/', type: '5' }, link('a', 'd'), { name: 'a/x' }],
    /lies behind "a"/,
  ],
  'an entry deep behind a link': [
    [{ name: 'd/', type: '5' }, link('d/a', '/'), { name: './d//a/b/c' }],
    /lies behind "d\/a"/,
  ],
  'a directory behind a link': [[link('a', outside), { name: 'a/d/', type: '5' }], /lies behind/],
  'a hard link behind a link': [[link('a', '/etc'), hardLink('a/x', 'y')], /lies behind "a"/],
  'a hard link to what is behind a link': [
    [link('a', '/etc'), hardLink('x', 'a/passwd')],
    /"a\/passwd" lies behind "a"/,
  ],
  'an entry behind a hard link to a link': [
    [link('a', '/etc'), hardLink('b', './a'), { name: 'b/x' }],
    /lies behind "b"/,
  ],
  'an entry behind a link in the place of a file': [
    [{ name: 'a' }, link('a', '/etc'), { name: 'a/x' }],
    /lies behind "a"/,
  ],
  'the destination as a link': [
    [link('./', '/etc')],
    /destination itself would become a symbolic link/,
  ],
  'the destination as a file': [
    [{ name: '.', payload: 'x' }],
    /destination itself would become a file/,
  ],
  'a global name': [[pax({ path: 'x' }, 'g'), { name: 'a' }], /global extended header/],
  'a global size': [[pax({ size: '9' }, 'g'), { name: 'a' }], /global extended header/],
};

describe('an archive is refused for', () => {
  for (const [what, [entries, message]] of Object.entries(refused)) {
    test(what, async () => {
      const destination = await harness.destination();
      await assert.rejects(
        harness.restore(rawArchive({ name: 'first', payload: '1' }, ...entries), { destination }),
        isContentError('ArchiveUnsafe', message),
      );
      assert.ok(!(await readdir(harness.temp.path)).includes('outside'));
    });
  }
});

const contradicting: Record<string, RawEntry[]> = {
  'two pax headers': [pax({ path: 'a' }), pax({ path: 'b' }), { name: 'c' }],
  'two long names': [longName('a'), longName('b'), { name: 'c' }],
  'a long name and a pax name': [longName('a'), pax({ path: 'b' }), { name: 'c' }],
  'a pax target and a long target': [
    pax({ linkpath: 'a' }),
    longName('b', 'K'),
    { name: 'c', type: '2', link: 'd' },
  ],
  'a sparse map that names more than there is': [
    pax({ 'GNU.sparse.map': '0,4096', 'GNU.sparse.size': '4096', 'GNU.sparse.name': 'x' }),
    { name: 'x', payload: 'x' },
  ],
  'a sparse file that is a directory': [
    pax({ 'GNU.sparse.map': '0,0', 'GNU.sparse.size': '0' }),
    { name: 'x/' },
  ],
  'a user id beyond all': [{ name: 'x', uid: base256(2 ** 32 - 1, 8) }],
  'an extended header without an entry': [pax({ path: 'a' })],
  'an entry without a name': [{ name: '' }],
  'a link without a target': [{ name: 'a', type: '2' }],
  'a name with a NUL': [pax({ path: 'a\0b' }), { name: 'x' }],
  'an empty long name': [longName(''), { name: 'x' }],
  'a record that is too long': [
    { type: 'x', payload: '99 path=x\n', name: 'x', format: 'ustar' },
    { name: 'x' },
  ],
  'a size that is no number': [{ name: 'x', size: Buffer.from('1x') }],
  'a negative size': [{ name: 'x', size: Buffer.alloc(12, 0xff) }],
  'a wrong checksum': [{ name: 'x', checksum: 1 }],
};

describe('an archive is corrupt for', () => {
  for (const [what, entries] of Object.entries(contradicting)) {
    test(what, async () => {
      await assert.rejects(
        harness.restore(rawArchive({ name: 'first' }, ...entries)),
        isContentError('ArchiveCorrupt', /./),
      );
    });
  }
});

describe('an archive is restored with', () => {
  test('links that lead anywhere, as long as nothing lies behind them', async () => {
    const { where } = await harness.restore(
      rawArchive(link('a', '/etc'), link('b', '../../x'), { name: 'c' }, hardLink('d', 'a')),
    );
    assert.deepEqual((await listTree(where)).slice(1), [
      'a: link 33333:33333 -> /etc',
      'b: link 33333:33333 -> ../../x',
      'c: file 644 33333:33333 0 ',
      'd: link 33333:33333 -> /etc',
    ]);
  });

  test('a directory in the place of a link, and entries in it', async () => {
    const entries = [link('a', '/etc'), { name: 'a/', type: '5', mode: 0o755 }, { name: 'a/x' }];
    const { where } = await harness.restore(rawArchive(...entries));
    assert.deepEqual((await listTree(where)).slice(1), [
      'a: directory 755 33333:33333',
      'a/x: file 644 33333:33333 0 ',
    ]);
  });

  test('a file in the place of a link, which leaves the target alone', async () => {
    const target = harness.temp.join('target');
    await writeFile(target, 'mine');
    const { where } = await harness.restore(
      rawArchive(link('a', target), { name: 'a', payload: 'theirs' }),
    );
    assert.deepEqual((await listTree(where)).slice(1), ['a: file 644 33333:33333 6 theirs']);
  });

  // Fault 21 of the original.
  test('a . entry of another owner and mode, and the destination stays its owner’s', async () => {
    const dot = { name: './', type: '5', mode: 0o2000, uid: 1000, gid: 1000 };
    const { where } = await harness.restore(rawArchive(dot, { name: './a' }));
    assert.deepEqual(await listTree(where), [
      '.: directory 2700 33333:33333',
      'a: file 644 33333:33333 0 ',
    ]);
  });

  test('names that look like options', async () => {
    const { where } = await harness.restore(
      rawArchive({ name: '--checkpoint-action=exec=x' }, { name: '-x' }),
    );
    assert.deepEqual((await readdir(where)).sort(), ['--checkpoint-action=exec=x', '-x']);
  });

  test('overlay’s whiteouts', async () => {
    const { where } = await harness.restore(
      rawArchive({ name: 'gone', type: '3', device: [0, 0], mode: 0 }),
    );
    assert.deepEqual((await listTree(where)).slice(1), ['gone: device 0 33333:33333 0']);
  });
});

test('a link of an earlier step is not followed when the archive has a directory there', async () => {
  const destination = await harness.destination();
  await mkdir(harness.temp.join('elsewhere'));
  await symlink(harness.temp.join('elsewhere'), `${destination}/a`);
  await harness.restore(rawArchive({ name: 'a/', type: '5' }, { name: 'a/x' }), { destination });
  assert.deepEqual(await readdir(harness.temp.join('elsewhere')), []);
});
