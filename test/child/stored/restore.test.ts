/** A child's way to an archive of object storage, without a sandbox. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import type { StoredDownload } from '../../../src/api/remote-content.ts';
import { type ObjectStore, startObjectStore } from '../../object-store/index.ts';
import { collect, snapshot } from '../../storage/collecting.ts';
import { startProxy } from '../../support/proxy.ts';
import { storageOf, storeConfig } from '../../storage/support.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { fill } from '../support/fill.ts';

const name = 'one@snapshots';

describe('an archive of object storage', () => {
  let store: ObjectStore;
  let temp: TempDir;
  let destination: string;
  let made = 0;
  before(async () => {
    [store, temp] = await Promise.all([startObjectStore({ tls: true }), createTempDir()]);
    await store.createBucket('snapshots');
  });
  after(async () => {
    await store.stop();
    await temp.remove();
  });
  beforeEach(async () => {
    made += 1;
    destination = temp.join(`destination-${made}`);
    await mkdir(destination);
    await put('one');
  });

  const put = async (text: string): Promise<void> => {
    const [root, file] = [temp.join('tree'), temp.join('archive')];
    await mkdir(root, { recursive: true });
    await writeFile(`${root}/file`, text);
    await execa('tar', ['--create', `--file=${file}`, '-C', root, '.']);
    await store.putObject('snapshots', 'one', { file });
  };
  const sign = async (changes: Parameters<typeof storeConfig>[1] = {}): Promise<StoredDownload> => {
    const signed = (await collect(snapshot(name), storageOf(await storeConfig(store, changes))))[
      name
    ];
    assert.ok(signed);
    return signed;
  };
  const restore = async (download: StoredDownload): Promise<string> => {
    await fill(destination, snapshot(name), { remoteContent: { [name]: download } });
    return await readFile(`${destination}/file`, 'utf8');
  };

  test('comes from a store with certificates of its own', async () => {
    const signed = await sign();
    assert.ok(signed.ca);
    assert.equal(await restore(signed), 'one');
  });

  test('is not taken from a server that the store does not vouch for', async () => {
    const { ca: _ca, ...signed } = await sign();
    const failing = restore(signed);
    await assert.rejects(failing, { reason: 'DownloadFailed' });
  });

  test("comes through the store's own proxy", async () => {
    await using proxy = await startProxy();
    assert.equal(await restore({ ...(await sign()), proxy: proxy.url }), 'one');
    assert.match(proxy.seen.join(' '), /^CONNECT 127\.0\.0\.1:/);
  });

  test('is the one that was looked up, or none', async () => {
    const signed = await sign();
    await put('two');
    await assert.rejects(restore(signed), {
      reason: 'DownloadFailed',
      message:
        /^could not download https:\/\/127\.0\.0\.1:\d+\/snapshots\/one: the object changed since/,
      step: 'snapshot',
    });
    assert.equal(await restore(await sign()), 'two');
  });

  test('whose signature is no longer good is asked for again with the next attempt', async () => {
    const { etag: _etag, ...signed } = await sign();
    const url = signed.url.replace(/X-Amz-Signature=./, 'X-Amz-Signature=x');
    await assert.rejects(restore({ ...signed, url }), (error: Error & { reason?: string }) => {
      assert.equal(error.reason, 'StorageRefused');
      assert.ok(!error.message.includes('X-Amz'), error.message);
      return true;
    });
  });

  test('that the host did not find is not found', async () => {
    for (const other of [name, 'constructor', '__proto__']) {
      await assert.rejects(fill(destination, snapshot(other)), {
        reason: 'SnapshotNotFound',
        message: `did not find snapshot ${other}`,
      });
    }
    await assert.rejects(fill(destination, { backup: {} }), {
      reason: 'BackupNotFound',
      message: 'no backup found',
    });
  });

  test('is there already when it came with a volume snapshot', async () => {
    await writeFile(`${destination}/work`, 'of days');
    const initializer = { snapshot: { snapshot: name, fromVolumeSnapshot: true } };
    const report = await fill(destination, initializer);
    assert.deepEqual(report, { source: 'from-backup', metrics: [], warnings: [] });
    assert.equal(await readFile(`${destination}/work`, 'utf8'), 'of days');
  });
});
