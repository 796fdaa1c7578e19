/** What GNU tar gets to read: who owns what in each form of header, and what is left out. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Parser, type ReadEntry } from 'tar';
import type { IdMapping } from '../../../../src/api/protocol.ts';
import { defaultArchiveLimits } from '../../../../src/child/archive/limits.ts';
import { TarRewriter } from '../../../../src/child/archive/tar/rewriter.ts';
import {
  base256,
  longName,
  pax,
  rawArchive,
  type RawEntry,
} from '../../../support/archive-maker.ts';
import { idMappings, owner } from '../../../support/archive-restore.ts';

function rewrite(archive: Buffer): Buffer {
  const rewriter = new TarRewriter({ ...owner, idMappings }, defaultArchiveLimits);
  const out = rewriter.push(Buffer.from(archive));
  return Buffer.concat([...out, rewriter.end()]);
}

/** As node-tar reads the archive. */
async function read(archive: Buffer): Promise<ReadEntry[]> {
  const entries: ReadEntry[] = [];
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      entries.push(entry);
      entry.resume();
    },
  });
  const done = new Promise((resolve, reject) => parser.on('end', resolve).on('error', reject));
  parser.end(archive);
  await done;
  return entries;
}

const ids = async (...entries: RawEntry[]): Promise<(number | undefined)[][]> =>
  (await read(rewrite(rawArchive(...entries)))).map(({ uid, gid }) => [uid, gid]);

describe('owners are mapped', () => {
  const table: Record<string, readonly [RawEntry[], readonly [number, number]]> = {
    'in octal': [[{ uid: 0, gid: 1000 }], [33333, 100999]],
    'in octal without an end': [[{ uid: Buffer.from('00001750') }], [100999, 33333]],
    'in base-256': [[{ uid: base256(65534, 8), gid: base256(0, 8) }], [165533, 33333]],
    'in ustar': [[{ uid: 1, gid: 2, format: 'ustar' }], [100000, 100001]],
    'in v7': [[{ uid: 1, gid: 2, format: 'v7' }], [100000, 100001]],
    'in pax records': [
      [pax({ uid: '7', gid: '8' }), { uid: 1, gid: 1 }],
      [100006, 100007],
    ],
    'in a global pax header': [
      [pax({ uid: '7' }, 'g'), { uid: 1, gid: 1 }],
      [100006, 100000],
    ],
    'in both, of which the nearer counts': [
      [pax({ uid: '7' }, 'g'), pax({ uid: '8' }), { uid: 1 }],
      [100007, 33333],
    ],
    'in a Solaris header': [
      [pax({ uid: '7' }, 'X'), {}],
      [100006, 33333],
    ],
    'behind a long name': [
      [longName('a'.repeat(150)), { uid: 1, gid: 1 }],
      [100000, 100000],
    ],
    'of directories': [[{ name: 'a/', type: '5', uid: 1, gid: 1 }], [100000, 100000]],
    'of hard links': [[{ type: '1', link: 'x', uid: 1, gid: 1 }], [100000, 100000]],
    'of symbolic links': [[{ type: '2', link: 'x', uid: 1, gid: 0 }], [100000, 33333]],
    'but not where no row holds them': [[{ uid: 65535, gid: 70000 }], [65535, 70000]],
    'and the destination’s are the content’s': [
      [{ name: './', type: '5', uid: 7 }],
      [33333, 33333],
    ],
  };
  for (const [what, [entries, expected]] of Object.entries(table)) {
    test(what, async () => assert.deepEqual(await ids(...entries), [expected]));
  }

  describe('to the content’s owner, where the node has no such id for a sandbox', () => {
    const rewritten = async (raw: RawEntry, mappings: readonly IdMapping[]) => {
      const rewriter = new TarRewriter(
        { uid: 44444, gid: 55555, idMappings: mappings },
        defaultArchiveLimits,
      );
      const out = rewriter.push(rawArchive(raw));
      const [entry] = await read(Buffer.concat([...out, rewriter.end()]));
      return [entry?.uid, entry?.gid];
    };
    const rows: Record<string, readonly [RawEntry, readonly IdMapping[]]> = {
      'root that no row holds': [{ uid: 0, gid: 0 }, []],
      'root of a link': [{ type: '2', link: 'x' }, []],
      'root of a row': [{ uid: 7, gid: 7 }, [{ containerID: 7, hostID: 0, size: 1 }]],
      'what root of another sandbox was': [
        { uid: base256(4_294_967_293, 8), gid: base256(4_294_967_293, 8) },
        [],
      ],
      'what is beyond all': [
        { uid: 9, gid: 9 },
        [{ containerID: 0, hostID: 4_294_967_290, size: 10 }],
      ],
    };
    for (const [what, [entry, mappings]] of Object.entries(rows)) {
      test(what, async () => assert.deepEqual(await rewritten(entry, mappings), [44444, 55555]));
    }
    test('and the highest of all others is itself', async () => {
      const highest = base256(4_294_967_292, 8);
      assert.deepEqual(
        await rewritten({ uid: highest, gid: highest }, []),
        [4_294_967_292, 4_294_967_292],
      );
    });
  });

  test('to numbers that need base-256', async () => {
    const rewriter = new TarRewriter(
      { ...owner, idMappings: [{ containerID: 0, hostID: 3_000_000_000, size: 1 }] },
      defaultArchiveLimits,
    );
    const out = rewriter.push(rawArchive({ uid: 0, gid: 1 }));
    const [entry] = await read(Buffer.concat([...out, rewriter.end()]));
    assert.deepEqual([entry?.uid, entry?.gid], [3_000_000_000, 1]);
  });
});

describe('an archive', () => {
  test('without anything to change passes byte by byte', () => {
    const archive = rawArchive(
      { name: 'a', uid: 70000, gid: 70000, payload: 'x'.repeat(2000) },
      pax({ mtime: '1.5', 'SCHILY.xattr.user.a': 'b\nc=d' }),
      { name: 'b', uid: 70000, gid: 70000, payload: 'y' },
      longName('c'.repeat(200)),
      { name: 'c', uid: 70000, gid: 70000 },
    );
    assert.ok(rewrite(archive).equals(archive));
  });

  test('loses what GNU tar is not to see, and nothing else', async () => {
    const keys = {
      uid: '5',
      'SCHILY.xattr.trusted.overlay.opaque': 'y',
      'SCHILY.xattr.user.overlay.impure': 'y',
      'GNU.volume.label': 'x',
      'RHT.security.selinux': 'x',
    };
    const kept = { path: 'b', 'SCHILY.xattr.user.overlay.opaque': 'y' };
    const text = rewrite(rawArchive(pax({ ...keys, ...kept }), { name: 'x' })).toString('latin1');
    for (const key of Object.keys(keys)) assert.ok(!text.includes(` ${key}=`), key);
    for (const key of Object.keys(kept)) assert.ok(text.includes(` ${key}=`), key);
  });

  test('keeps its order around extended headers that are empty', async () => {
    const first = { name: 'a', payload: 'x'.repeat(600) };
    const archive = rawArchive(first, pax({}, 'g'), pax({}), { name: 'b', payload: 'y' });
    const entries = await read(rewrite(archive));
    assert.deepEqual(
      entries.map(({ path, size }) => [path, size]),
      [
        ['a', 600],
        ['b', 1],
      ],
    );
  });

  test('has no sizes where GNU tar takes none', async () => {
    const entries = await read(
      rewrite(
        rawArchive(
          { name: 'a/', type: '5', size: 4096 },
          { name: 'b', type: '2', link: 'x', size: 9 },
        ),
      ),
    );
    assert.deepEqual(
      entries.map(({ header }) => header.size),
      [0, 0],
    );
  });

  test('may have a label', async () => {
    const entries = await read(rewrite(rawArchive({ name: 'label', type: 'V' }, { name: 'a' })));
    assert.deepEqual(
      entries.map(({ path }) => path),
      ['a'],
    );
  });
});
