import { readFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa, type ExecaError } from 'execa';

const goCandidates = ['go', '/usr/local/go/bin/go'];

/** The `go` command to use, or undefined where there is none. */
export async function findGo(): Promise<string | undefined> {
  for (const go of goCandidates) {
    const { failed } = await execa(go, ['version'], { reject: false });
    if (!failed) return go;
  }
  return undefined;
}

/**
 * Builds kube-apiserver from its published Go module into `target`, which appears complete or not at all.
 * `go install` refuses the module for its replace directives, hence a module of our own around it.
 */
export async function buildApiserver(go: string, version: string, target: string): Promise<void> {
  const work = await mkdtemp(`${target}.build-`);
  try {
    const built = join(work, 'kube-apiserver');
    await writeFile(join(work, 'go.mod'), await wrapperModule(go, version));
    const [major, minor] = version.split('.');
    const stamp = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor };
    const flags = Object.entries(stamp).map(
      ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
    );
    await runGo(
      go,
      ['build', '-mod=mod', '-ldflags', ['-s', '-w', ...flags].join(' '), '-o', built].concat(
        'k8s.io/kubernetes/cmd/kube-apiserver',
      ),
      work,
    );
    await rename(built, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Kubernetes' own go.mod under another name: the whole requirement list stays, so that nothing needs to be
 * resolved, and its staging folders become the modules that are published for the same release.
 */
async function wrapperModule(go: string, version: string): Promise<string> {
  const module = `k8s.io/kubernetes@v${version}`;
  const downloaded: unknown = JSON.parse(await runGo(go, ['mod', 'download', '-json', module]));
  const original = await readFile(goModPath(downloaded), 'utf8');
  const staging = version.replace(/^1\./, 'v0.');
  return [
    original
      .replace(/^module .*$/m, 'module workspace-content.test/kube-apiserver')
      .replaceAll(/^(\s*)(\S+) => \.\/staging\/\S+$/gm, `$1$2 => $2 ${staging}`),
    `require ${module.replace('@', ' ')}\n`,
  ].join('\n');
}

function goModPath(downloaded: unknown): string {
  if (typeof downloaded === 'object' && downloaded !== null && 'GoMod' in downloaded) {
    if (typeof downloaded.GoMod === 'string') return downloaded.GoMod;
  }
  throw new Error('go mod download named no go.mod');
}

/** Returns what it wrote to standard output; throws an error with the end of its complaints. */
export async function runGo(
  go: string,
  args: string[],
  cwd?: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  try {
    const { stdout } = await execa(go, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { GOFLAGS: '-buildvcs=false', GOWORK: 'off', ...env },
    });
    return stdout;
  } catch (error) {
    const { stderr } = error as ExecaError<{ encoding: 'utf8' }>;
    const tail = stderr.split('\n').slice(-15).join('\n');
    throw new Error(`go ${args[0]} failed:\n${tail}`, { cause: error });
  }
}
