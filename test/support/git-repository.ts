import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';

/** Content by path; null removes the file, a target makes a symbolic link. */
export type Files = Record<
  string,
  string | Uint8Array | null | { symlink: string } | { run: string }
>;

export interface Commit {
  files: Files;
  message?: string;
  /** The branch it goes on top of; the default branch when left out. */
  branch?: string;
  /** Where a new branch starts: a branch or the number of an earlier commit. The default branch when left out. */
  from?: string | number;
  tag?: string;
}

export interface History {
  defaultBranch?: string;
  commits: Commit[];
}

/** Git without the settings of the person or the machine. */
export const gitEnvironment = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
};

/** Writes a bare repository with the given history; returns the commits' hashes in their order. */
export async function createBareRepository(path: string, history: History): Promise<string[]> {
  const { defaultBranch = 'main', commits } = history;
  await mkdir(dirname(path), { recursive: true });
  await git(['init', '--quiet', '--bare', `--initial-branch=${defaultBranch}`, path]);
  await allowFetchByHash(path);
  if (commits.length === 0) return [];

  const marks = `${path}/import-marks`;
  await execa('git', ['-C', path, 'fast-import', '--quiet', `--export-marks=${marks}`], {
    input: Buffer.concat(importStream(history, defaultBranch)),
    env: gitEnvironment,
  });
  const hashes = parseMarks(await readFile(marks, 'utf8'));
  await rm(marks);
  return hashes;
}

/** Copies all branches and tags of an existing repository. */
export async function mirrorRepository(source: string, path: string): Promise<void> {
  await git(['clone', '--quiet', '--bare', '--no-hardlinks', '--', source, path]);
  await allowFetchByHash(path);
}

/** So many small text files in folders of a hundred. */
export function manyFiles(count: number, bytesEach = 500): Files {
  const line = 'Content that compresses about as well as source code does.\n';
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `src/folder-${Math.floor(index / 100)}/file-${index}.txt`,
      `${index}\n${line.repeat(Math.ceil(bytesEach / line.length))}`.slice(0, bytesEach),
    ]),
  );
}

/** The large hosters allow it too. */
async function allowFetchByHash(path: string): Promise<void> {
  await git(['-C', path, 'config', 'uploadpack.allowAnySHA1InWant', 'true']);
}

async function git(args: string[]): Promise<void> {
  await execa('git', args, { env: gitEnvironment });
}

function importStream({ commits }: History, defaultBranch: string): Buffer[] {
  const out: Buffer[] = [];
  const data = (content: string | Uint8Array): void => {
    const bytes = Buffer.from(content);
    out.push(Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n'));
  };
  const line = (text: string): void => void out.push(Buffer.from(`${text}\n`));

  const branches = new Set<string>();
  for (const [index, commit] of commits.entries()) {
    const branch = commit.branch ?? defaultBranch;
    const identity = `Test <test@example.com> ${1_700_000_000 + index} +0000`;
    line(`commit refs/heads/${branch}`);
    line(`mark :${index + 1}`);
    line(`committer ${identity}`);
    data(commit.message ?? `Commit ${index + 1}`);
    if (!branches.has(branch) && branches.size > 0) {
      const from = commit.from ?? defaultBranch;
      line(typeof from === 'number' ? `from :${from + 1}` : `from refs/heads/${from}`);
    }
    branches.add(branch);
    for (const [path, content] of Object.entries(commit.files)) {
      if (content === null) {
        line(`D ${path}`);
      } else if (typeof content === 'string' || content instanceof Uint8Array) {
        line(`M 100644 inline ${path}`);
        data(content);
      } else if ('symlink' in content) {
        line(`M 120000 inline ${path}`);
        data(content.symlink);
      } else {
        line(`M 100755 inline ${path}`);
        data(content.run);
      }
    }
    if (commit.tag !== undefined) {
      line(`tag ${commit.tag}`);
      line(`from :${index + 1}`);
      line(`tagger ${identity}`);
      data(commit.tag);
    }
  }
  line('done');
  return out;
}

/** Lines of the form `:1 <hash>`, in any order. */
function parseMarks(text: string): string[] {
  const hashes: string[] = [];
  for (const [, mark, hash] of text.matchAll(/^:(\d+) ([0-9a-f]+)$/gm)) {
    hashes[Number(mark) - 1] = String(hash);
  }
  return hashes;
}
