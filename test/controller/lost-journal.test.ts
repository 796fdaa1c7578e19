/** The state directory is lost while the data stays: what lies there may be content with people's work in it. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ControlPlane } from '../control-plane/index.ts';
import type { TempDir } from '../support/temp.ts';
import { Contents, startCluster } from './contents.ts';
import { createNodeFolder, type Script, startScriptedNode, writes } from './scripted-node.ts';

/** As a sandbox does. */
const clearsAndWrites: Script = async (request, options) => {
  const { destination, cleanSlate } = request;
  if (cleanSlate) {
    for (const name of await readdir(destination)) {
      await rm(join(destination, name), { recursive: true });
    }
  }
  return await writes(request, options);
};

describe('a lost journal', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
  });
  after(async () => await cluster.stop());

  interface Lost {
    readonly folder: TempDir;
    readonly nodeName: string;
    /** Of what people edited. */
    fileOf(name: string): string;
  }

  /** Content that was made for resources and edited by people, and a node that remembers nothing of it. */
  async function lose(names: readonly string[], spec: object): Promise<Lost> {
    const folder = await createNodeFolder();
    const { kubeconfig } = cluster;
    const script = clearsAndWrites;
    const node = await startScriptedNode({ kubeconfig, script, folder: folder.path });
    const { nodeName } = node;
    const fileOf = (name: string): string => join(folder.path, 'data/default', name, 'content');
    for (const name of names) {
      await contents.create(name, { nodeName, ...spec });
      await contents.untilReason(name, 'InitializationSuccess');
      await writeFile(fileOf(name), 'edited');
    }
    await node.stop();
    await rm(join(folder.path, 'state/journal'), { recursive: true });
    return { folder, nodeName, fileOf };
  }

  test('wipes nothing that may be replaced, also after it had to wait for its turn', async () => {
    const { folder, nodeName, fileOf } = await lose(['waits'], { existingContent: 'Replace' });
    await using kept = folder;
    await contents.create('first', { nodeName });
    const gate = Promise.withResolvers<void>();
    const script: Script = async (request, options) => {
      if (request.destination.endsWith('/first')) await gate.promise;
      return await clearsAndWrites(request, options);
    };
    const { kubeconfig } = cluster;
    await using _ = await startScriptedNode({
      ...{ kubeconfig, script, nodeName, folder: kept.path, maxConcurrent: 1 },
    });
    await contents.untilReason('waits', 'Queued');
    gate.resolve();
    const { status } = await contents.untilReason('waits', 'JournalUnreadable');
    assert.match(status?.error?.message ?? '', /is not empty.+attempts that this node remembers/);
    assert.equal(status?.attempts, 1);
    assert.equal(await readFile(fileOf('waits'), 'utf8'), 'edited');
  });

  test('wipes nothing when there are more resources than attempts at once', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `many-${index}`);
    const { folder, nodeName, fileOf } = await lose(names, { existingContent: 'Replace' });
    await using kept = folder;
    const { kubeconfig } = cluster;
    const script = clearsAndWrites;
    await using _ = await startScriptedNode({
      ...{ kubeconfig, script, nodeName, folder: kept.path, maxConcurrent: 2 },
    });
    for (const name of names) await contents.untilReason(name, 'JournalUnreadable');
    // The status that was written is a reason to look again.
    await contents.create('last', { nodeName });
    await contents.untilReason('last', 'InitializationSuccess');
    for (const name of names) assert.equal(await readFile(fileOf(name), 'utf8'), 'edited');
  });

  for (const journal of ['lost', 'unreadable']) {
    test(`makes nothing again that came with a volume: ${journal}`, async () => {
      const name = `volume-${journal}`;
      const initializer = { backup: { fromVolumeSnapshot: true } };
      const { folder, nodeName, fileOf } = await lose([name], { initializer });
      await using kept = folder;
      if (journal === 'unreadable') {
        const { metadata } = await contents.get(name);
        await mkdir(join(folder.path, 'state/journal'));
        await writeFile(join(folder.path, `state/journal/${metadata.uid}.json`), '{');
      }
      const { kubeconfig } = cluster;
      await using _ = await startScriptedNode({
        ...{ kubeconfig, script: clearsAndWrites, nodeName, folder: kept.path },
      });
      await contents.untilReason(name, 'JournalUnreadable');
      assert.equal(await readFile(fileOf(name), 'utf8'), 'edited');
    });
  }
});
