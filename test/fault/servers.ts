/** The servers that content comes from: git, files, an object store. All on this machine. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { type ObjectStore, startObjectStore } from '../object-store/index.ts';
import { type FileServer, startFileServer } from '../support/file-server.ts';
import { manyFiles } from '../support/git-repository.ts';
import { type BasicAuth, type GitServer, startGitServer } from '../support/git-server.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';

export interface Servers extends AsyncDisposable {
  readonly files: FileServer;
  readonly git: GitServer;
  /** Path of the daemon's storage configuration. */
  readonly storageConfig: string;
  /** Makes the same repository under a name of its own; returns its URL. */
  addRepository(name: string, auth?: BasicAuth): Promise<string>;
  /** Puts the same archive under a name of its own; returns the snapshot's name. */
  addSnapshot(name: string): Promise<string>;
  /** How often the file, repository or snapshot of that name was asked for so far. */
  asked(name: string): Promise<number>;
}

const bucket = 'snapshots';
const shared = 'shared';

export async function startServers(): Promise<Servers> {
  await using started = new AsyncDisposableStack();
  const temp = started.use(await createTempDir('wsc-fault-'));
  const files = started.use(await startFileServer());
  const git = started.use(await startGitServer());
  const store = started.use(await startObjectStore());
  const { path } = await git.create(shared, {
    commits: [{ files: { 'README.md': 'From git.\n', ...manyFiles(60) } }],
  });
  await store.createBucket(bucket);
  const archive = await packArchive(temp);
  const storageConfig = await writeStorageConfig(temp, store);
  const all = started.move();
  return {
    ...{ files, git, storageConfig },
    async addRepository(name, auth) {
      if (auth !== undefined) return (await git.mirror(name, path, auth)).url;
      await symlink(`${shared}.git`, join(git.root, `${name}.git`));
      return `${git.url}/${name}.git`;
    },
    async addSnapshot(name) {
      await store.putObject(bucket, `${name}.tar`, { file: archive });
      return `${name}.tar@${bucket}`;
    },
    async asked(name) {
      const paths = [
        ...[...files.requests, ...git.requests].map((request) => request.path),
        ...(await store.requests()).flatMap(({ operation, path: key }) =>
          operation.endsWith('PutObject') ? [] : [key],
        ),
      ];
      const own = new RegExp(`/${name}[/.]`);
      return paths.filter((each) => own.test(each)).length;
    },
    [Symbol.asyncDispose]: async () => await all.disposeAsync(),
  };
}

async function packArchive(temp: TempDir): Promise<string> {
  const tree = temp.join('tree');
  await mkdir(join(tree, 'src'), { recursive: true });
  await writeFile(join(tree, 'README.md'), 'From a snapshot.\n');
  for (let index = 0; index < 40; index += 1) {
    await writeFile(join(tree, 'src', `${index}.txt`), `${index}\n`.repeat(2000));
  }
  const archive = temp.join('archive.tar.gz');
  await execa('tar', ['--create', '--gzip', `--file=${archive}`, '-C', tree, '.']);
  return archive;
}

async function writeStorageConfig(temp: TempDir, store: ObjectStore): Promise<string> {
  const [access, secret] = [temp.join('access-key'), temp.join('secret-key')];
  await writeFile(access, store.accessKey, { mode: 0o600 });
  await writeFile(secret, store.secretKey, { mode: 0o600 });
  const { endpoint, region } = store;
  const credentials = { accessKeyFile: access, secretKeyFile: secret };
  const file = temp.join('stores.json');
  await writeFile(file, JSON.stringify({ stores: { main: { endpoint, region, credentials } } }));
  return file;
}
