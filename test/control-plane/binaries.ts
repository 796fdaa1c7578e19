import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { downloadEnvtest } from './envtest.ts';
import { buildApiserver, findGo } from './go-build.ts';
import { withLock } from './lock.ts';
import { parseVersion, wantedVersion } from './version.ts';

export interface Binaries {
  etcd: string;
  apiserver: string;
  version: string;
}

export interface FindOptions {
  env?: NodeJS.ProcessEnv;
  /** Told in one line what takes long, when something does. */
  log?: (line: string) => void;
}

/**
 * Finds etcd and kube-apiserver: in `KUBEBUILDER_ASSETS` when that is set, else in the cache folder of the
 * wanted version, which is filled first when it has to be (minutes, once).
 */
export async function findBinaries(options: FindOptions = {}): Promise<Binaries> {
  const { env = process.env, log = (line) => process.stderr.write(`${line}\n`) } = options;
  const assets = env['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && assets !== '') return await fromAssets(assets, env);

  const version = wantedVersion(env);
  const folder = cacheFolder(`kubernetes-${version}`, env);
  const apiserver = join(folder, 'kube-apiserver');
  if (!(await isExecutable(apiserver))) await fill(folder, version, log);
  const etcd = await firstExecutable([...etcdOnPath(env), join(folder, 'etcd')]);
  if (etcd === undefined) {
    throw new Error('etcd is missing: apt-get install etcd-server, or set KUBEBUILDER_ASSETS');
  }
  return { etcd, apiserver, version };
}

async function fromAssets(assets: string, env: NodeJS.ProcessEnv): Promise<Binaries> {
  const apiserver = join(assets, 'kube-apiserver');
  if (!(await isExecutable(apiserver))) {
    throw new Error(`KUBEBUILDER_ASSETS is set, but ${apiserver} is no program`);
  }
  const etcd = await firstExecutable([join(assets, 'etcd'), ...etcdOnPath(env)]);
  if (etcd === undefined) throw new Error(`neither ${assets} nor the PATH holds etcd`);
  const { stdout } = await execa(apiserver, ['--version']);
  return { etcd, apiserver, version: parseVersion(stdout.replace('Kubernetes ', '')) };
}

async function fill(folder: string, version: string, log: (line: string) => void): Promise<void> {
  await mkdir(folder, { recursive: true });
  const apiserver = join(folder, 'kube-apiserver');
  await withLock(join(folder, '.lock'), async () => {
    // Another run may have filled it while this one waited.
    if (await isExecutable(apiserver)) return;
    const go = await findGo();
    if (go === undefined) {
      log(`downloading kube-apiserver ${version} from the envtest releases, once`);
      await downloadEnvtest(version, folder);
      return;
    }
    const started = Date.now();
    log(`building kube-apiserver ${version} from its Go module: 3 to 6 minutes on 2 cores, once`);
    await buildApiserver(go, version, apiserver);
    log(`built kube-apiserver ${version} in ${Math.round((Date.now() - started) / 1000)} s`);
  });
}

/** Where programs are kept that were built or downloaded for the tests. */
export function cacheFolder(name: string, env: NodeJS.ProcessEnv): string {
  const base = env['XDG_CACHE_HOME'] || join(env['HOME'] ?? homedir(), '.cache');
  return join(base, 'workspace-content', name);
}

function etcdOnPath(env: NodeJS.ProcessEnv): string[] {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...folders, '/usr/bin'].map((folder) => join(folder, 'etcd'));
}

async function firstExecutable(files: string[]): Promise<string | undefined> {
  for (const file of files) {
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

export async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
