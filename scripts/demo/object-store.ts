/** An S3 server on this machine with what the samples restore, and a storage configuration that names it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { type ObjectStore, startObjectStore } from '../../test/object-store/index.ts';
import { gitEnvironment } from '../../test/support/git-repository.ts';

export interface DemoStore {
  /** Path of the file for `--storage-config`. */
  readonly config: string;
  stop(): Promise<void>;
}

/** The prebuild is a clone of `remoteUri` with something built in it. */
export async function startDemoStore(remoteUri: string): Promise<DemoStore> {
  const store = await startObjectStore();
  try {
    await fill(store, remoteUri);
    return { config: await writeConfig(store), stop: async () => await store.stop() };
  } catch (error) {
    await store.stop();
    throw error;
  }
}

async function fill(store: ObjectStore, remoteUri: string): Promise<void> {
  const pack = async (
    [bucket, object]: readonly [string, string],
    fillTree: (tree: string) => Promise<void>,
  ): Promise<void> => {
    const [tree, file] = [join(store.dir, bucket), join(store.dir, `${bucket}.tar`)];
    await mkdir(tree);
    await fillTree(tree);
    const compression = object.endsWith('.gz') ? ['--gzip'] : [];
    await execa('tar', ['--create', `--file=${file}`, ...compression, '-C', tree, '.']);
    await store.createBucket(bucket);
    await store.putObject(bucket, object, { file });
  };
  await pack(['snapshots', 'hello/snapshot-1.tar'], async (tree) => {
    await writeFile(join(tree, 'hello.sh'), '#!/bin/sh\necho "Hello World!"\n', { mode: 0o755 });
    await writeFile(join(tree, 'notes.md'), '# Notes\n');
  });
  await pack(['prebuilds', 'hello/main.tar.gz'], async (tree) => {
    await execa('git', ['clone', '--quiet', '--depth=1', remoteUri, tree], { env: gitEnvironment });
    await mkdir(join(tree, 'built'));
    await writeFile(join(tree, 'built/output'), 'done ahead\n');
  });
  await pack(['gitpod-user-amy', 'workspaces/amber-fox-1/full.tar'], async (tree) => {
    await writeFile(join(tree, 'work.txt'), 'the work of days\n');
  });
}

async function writeConfig(store: ObjectStore): Promise<string> {
  const { dir, endpoint, region, accessKey, secretKey } = store;
  const files = { accessKeyFile: join(dir, 'access-key'), secretKeyFile: join(dir, 'secret-key') };
  await writeFile(files.accessKeyFile, accessKey, { mode: 0o600 });
  await writeFile(files.secretKeyFile, secretKey, { mode: 0o600 });
  const config = join(dir, 'stores.yaml');
  const stores = { main: { endpoint, region, credentials: files } };
  await writeFile(config, `${JSON.stringify({ stores }, undefined, 2)}\n`, { mode: 0o600 });
  return config;
}
