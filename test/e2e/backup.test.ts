/** Backups from a real object store through the real sandbox: they win over every initializer. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { execa } from 'execa';
import type { InitializerMessage } from '../../src/api/initializer.ts';
import { composite, snapshot } from '../storage/collecting.ts';
import { listTree } from '../support/archive-restore.ts';
import { backupPlace, type ContentNode, startContentNode } from '../support/content-node.ts';

describe('a backup', () => {
  let node: ContentNode;
  before(async () => {
    node = await startContentNode();
  });
  after(async () => await node[Symbol.asyncDispose]());

  // Before there is one.
  test('that an initializer asks for and that is not there fails', async () => {
    await assert.rejects(node.attempt({ backup: {} }), {
      reason: 'BackupNotFound',
      message: 'no backup found',
      step: 'backup',
    });
  });

  test('that is not there leaves the initializer to do its work', async () => {
    const { report } = await node.attempt({ empty: {} });
    assert.deepEqual(report, { source: 'from-other', metrics: [], warnings: [] });
  });

  describe('that is there', () => {
    before(async () => {
      const root = node.temp.join('workspace');
      await mkdir(`${root}/.gitpod`, { recursive: true });
      await writeFile(`${root}/work`, 'of days');
      await writeFile(`${root}/.gitpod/ready`, '{"source":"from-other","metrics":[]}');
      const file = node.temp.join('full.tar');
      await execa('tar', ['--create', '--zstd', `--file=${file}`, '-C', root, '.']);
      await node.store.putObject(...backupPlace, { file });
    });

    const initializers: readonly InitializerMessage[] = [
      { empty: {} },
      { backup: {} },
      { git: { remoteUri: 'http://127.0.0.1:1/none.git', config: {} } },
      snapshot('missing@snapshots'),
      composite({ backup: {} }, snapshot('missing@snapshots')),
    ];
    for (const initializer of initializers) {
      test(`is restored instead of ${JSON.stringify(initializer)}`, async () => {
        const { report, where } = await node.attempt(initializer);
        assert.equal(report.source, 'from-backup');
        assert.deepEqual(
          report.metrics.map(({ path, type }) => [path, type]),
          [['backup', 'fromBackup']],
        );
        assert.equal(await readFile(`${where}/work`, 'utf8'), 'of days');
        const names = (await listTree(where)).map((line) => line.split(':')[0]);
        assert.deepEqual(names, ['.', '.gitpod', '.gitpod/ready', 'work']);
        const ready: unknown = JSON.parse(await readFile(`${where}/.gitpod/ready`, 'utf8'));
        assert.equal((ready as { source: string }).source, 'from-backup');
      });
    }

    test('goes where the initializer backup says', async () => {
      const { where } = await node.attempt({ backup: { checkoutLocation: 'a/b' } });
      assert.equal(await readFile(`${where}/a/b/work`, 'utf8'), 'of days');
    });

    test('goes where a backup in composites says, and the rest is not run', async () => {
      const initializer = composite(
        { empty: {} },
        composite({ backup: { checkoutLocation: 'c' } }),
      );
      const { report, where } = await node.attempt(initializer);
      assert.equal(await readFile(`${where}/c/work`, 'utf8'), 'of days');
      assert.deepEqual(
        report.metrics.map(({ path, type }) => [path, type]),
        [['backup', 'fromBackup']],
      );
    });

    test('is refused where two backups of a composite want it in different places', async () => {
      const initializer = composite(
        { backup: { checkoutLocation: 'a/' } },
        { backup: { checkoutLocation: './a' } },
        { backup: {} },
      );
      await assert.rejects(node.attempt(initializer), {
        reason: 'InvalidSpec',
        step: 'composite[2].backup',
        message:
          'composite[2].backup.checkoutLocation: is not that of composite[0].backup, and the backup is restored once',
      });
    });

    test('came with a volume snapshot and is not downloaded', async () => {
      const { report, where } = await node.attempt({ backup: { fromVolumeSnapshot: true } });
      assert.deepEqual([report.source, report.metrics], ['from-backup', []]);
      assert.deepEqual(
        (await listTree(where)).map((line) => line.split(':')[0]),
        ['.', '.gitpod', '.gitpod/ready'],
      );
    });

    test('does not hide that the rest of the initializer is wrong', async () => {
      const wrong = composite({ empty: {} }, { git: { remoteUri: 'file:///x', config: {} } });
      await assert.rejects(node.attempt(wrong), { reason: 'InvalidSpec' });
    });
  });
});
