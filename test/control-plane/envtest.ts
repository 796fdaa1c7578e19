import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';

/** The index of the archives that kubebuilder's envtest publishes, with their SHA-512 digests. */
const publishedIndex =
  'https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml';

const architectures: Partial<Record<NodeJS.Architecture, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
};

interface Archive {
  url: string;
  sha512: string;
}

/** Puts etcd and kube-apiserver of the official archive into `folder`, after its digest was verified. */
export async function downloadEnvtest(
  version: string,
  folder: string,
  index = publishedIndex,
): Promise<void> {
  const work = await mkdtemp(`${folder}.download-`);
  try {
    const indexFile = join(work, 'index.yaml');
    await download(index, indexFile);
    const archive = findArchive(await readFile(indexFile, 'utf8'), version, platform());
    const archiveFile = join(work, 'envtest.tar.gz');
    await download(archive.url, archiveFile);
    await verify(archiveFile, archive.sha512);
    await execa('tar', ['-xzf', archiveFile, '-C', work]);
    await mkdir(folder, { recursive: true });
    for (const program of ['etcd', 'kube-apiserver']) {
      await rename(join(work, 'controller-tools', 'envtest', program), join(folder, program));
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Looks an archive up in the text of the index; throws when that release has none for the platform. */
function findArchive(indexText: string, version: string, platformName: string): Archive {
  const document: unknown = parse(indexText);
  const file = `envtest-v${version}-${platformName}.tar.gz`;
  const entry = member(member(member(document, 'releases'), `v${version}`), file);
  const url = member(entry, 'selfLink');
  const sha512 = member(entry, 'hash');
  if (typeof url !== 'string' || typeof sha512 !== 'string' || !/^[0-9a-f]{128}$/.test(sha512)) {
    throw new Error(`the envtest index has no ${file}; install Go to build kube-apiserver instead`);
  }
  return { url, sha512 };
}

async function verify(file: string, sha512: string): Promise<void> {
  const actual = createHash('sha512')
    .update(await readFile(file))
    .digest('hex');
  if (actual !== sha512) {
    throw new Error(`${file} has the SHA-512 digest ${actual}, but ${sha512} was published`);
  }
}

function platform(): string {
  const architecture = architectures[process.arch];
  if (architecture === undefined) throw new Error(`there is no envtest for ${process.arch}`);
  return `linux-${architecture}`;
}

/** curl knows this machine's proxies and certificate authorities, and resumes by itself. */
async function download(url: string, file: string): Promise<void> {
  await execa('curl', ['-fsSL', '--retry', '3', '--connect-timeout', '20', '-o', file, url]);
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
