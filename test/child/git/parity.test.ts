/** What the original's sequence of git commands leaves behind, and that a run leaves the same. */
import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import type { GitMessage } from '../../../src/api/initializer.ts';
import { gitEnvironment } from '../../support/git-repository.ts';
import { type GitRepository, type GitServer, startGitServer } from '../../support/git-server.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';
import { fill } from '../support/fill.ts';
import { git, LOCAL_BRANCH, REMOTE_BRANCH, REMOTE_COMMIT } from '../support/request.ts';

type Question = keyof typeof questions;

/** What is compared; the answers' lines in no order. */
const questions = {
  HEAD: ['rev-parse', 'HEAD'],
  branch: ['branch', '--show-current'],
  upstream: ['for-each-ref', '--format=%(HEAD)%(upstream)', 'refs/heads'],
  remotes: ['remote', '--verbose'],
  refspec: ['config', '--local', '--get-regexp', String.raw`^remote\..*\.fetch$`],
  configuration: ['config', '--local', '--list'],
  branches: ['for-each-ref', '--format=%(refname) %(objectname) %(symref) %(upstream)'],
  status: ['status', '--porcelain=v2'],
  shallow: ['rev-parse', '--is-shallow-repository'],
  history: ['rev-list', 'HEAD'],
  index: ['ls-files', '--stage'],
  stashes: ['stash', 'list'],
} as const satisfies Record<string, readonly string[]>;

interface Row {
  readonly name: string;
  readonly fields: (repository: GitRepository) => GitMessage;
  /** What the original runs once it has cloned and configured. */
  readonly original: (repository: GitRepository) => readonly string[][];
}

const rows: readonly Row[] = [
  {
    name: 'REMOTE_HEAD',
    fields: () => ({}),
    original: () => [['reset', '--hard', 'origin/HEAD']],
  },
  {
    name: 'REMOTE_HEAD, full',
    fields: () => ({ fullClone: true }),
    original: () => [['reset', '--hard', 'origin/HEAD']],
  },
  {
    name: 'REMOTE_HEAD with an upstream',
    fields: ({ url }) => ({ upstreamRemoteUri: url }),
    original: ({ url }) => [
      ['reset', '--hard', 'origin/HEAD'],
      ['remote', 'add', 'upstream', url],
      ['fetch', 'upstream'],
    ],
  },
  {
    name: 'REMOTE_BRANCH',
    fields: () => ({ targetMode: REMOTE_BRANCH, cloneTarget: 'feature' }),
    original: () => [
      ['fetch', '--depth=1', 'origin', 'feature'],
      ['checkout', '-B', 'feature', 'origin/feature'],
    ],
  },
  {
    name: 'REMOTE_BRANCH, full',
    fields: () => ({ targetMode: REMOTE_BRANCH, cloneTarget: 'feature', fullClone: true }),
    original: () => [
      ['fetch', 'origin', 'feature'],
      ['checkout', '-B', 'feature', 'origin/feature'],
    ],
  },
  {
    name: 'REMOTE_BRANCH that is the default one',
    fields: () => ({ targetMode: REMOTE_BRANCH, cloneTarget: 'main' }),
    original: () => [
      ['fetch', '--depth=1', 'origin', 'main'],
      ['checkout', '-B', 'main', 'origin/main'],
    ],
  },
  {
    name: 'REMOTE_BRANCH, missing',
    fields: () => ({ targetMode: REMOTE_BRANCH, cloneTarget: 'none' }),
    original: () => [
      ['fetch', '--depth=1', 'origin', 'main'],
      ['checkout', '--no-track', '-B', 'none', 'origin/main'],
    ],
  },
  {
    name: 'LOCAL_BRANCH',
    fields: () => ({ targetMode: LOCAL_BRANCH, cloneTarget: 'wip' }),
    original: () => [['checkout', '--no-track', '-B', 'wip', 'origin/HEAD']],
  },
  {
    name: 'REMOTE_COMMIT of another branch',
    fields: ({ commits }) => ({ targetMode: REMOTE_COMMIT, cloneTarget: commits[31] ?? '' }),
    original: ({ commits: { 31: commit = '' } }) => [
      ['fetch', '--depth=20', 'origin', commit],
      ['checkout', commit],
    ],
  },
  {
    name: 'REMOTE_COMMIT of the default branch',
    fields: ({ commits }) => ({ targetMode: REMOTE_COMMIT, cloneTarget: commits[27] ?? '' }),
    original: ({ commits: { 27: commit = '' } }) => [
      ['fetch', '--depth=20', 'origin', commit],
      ['checkout', commit],
    ],
  },
];

describe("parity of git with the original's commands", () => {
  let server: GitServer;
  let repository: GitRepository;
  let temp: TempDir;

  before(async () => {
    server = await startGitServer();
    const older = Array.from({ length: 29 }, (_, n) => ({ files: { 'README.md': `${n}\n` } }));
    repository = await server.create('project', {
      commits: [
        ...older,
        {
          files: { 'bin/run': { run: '#!/bin/sh\n' }, link: { symlink: 'README.md' } },
          tag: 'v1',
        },
        { files: { 'README.md': 'feature\n' }, branch: 'feature', from: 20 },
        { files: { 'feature.txt': 'x' }, branch: 'feature' },
      ],
    });
  });
  after(async () => await server.stop());
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => await temp.remove());

  const gitIn = async (folder: string, args: readonly string[]): Promise<string[]> => {
    const options = { env: gitEnvironment, cwd: temp.join(folder) };
    return (await execa('git', args, options)).stdout.split('\n').sort();
  };

  const runOriginal = async ({ fields, original }: Row): Promise<void> => {
    const depth =
      fields(repository).fullClone === true ? [] : ['--depth=1', '--shallow-submodules'];
    await gitIn('.', ['clone', '--quiet', ...depth, repository.url, 'theirs']);
    const configuration = [
      ['fetch.writeCommitGraph', 'true'],
      ['remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*'],
      ['checkout.defaultRemote', 'origin'],
    ];
    for (const pair of configuration) await gitIn('theirs', ['config', ...pair]);
    for (const args of original(repository)) {
      await gitIn('theirs', ['-c', 'core.hooksPath=/dev/null', ...args]);
    }
  };

  for (const row of rows) {
    test(row.name, async () => {
      await runOriginal(row);
      const fields = {
        remoteUri: repository.url,
        checkoutLocation: 'ours',
        ...row.fields(repository),
      };
      await fill(temp.path, git(fields));

      for (const [question, args] of Object.entries(questions) as [Question, readonly string[]][]) {
        const answers = await Promise.all(['ours', 'theirs'].map((folder) => gitIn(folder, args)));
        const [ours = [], theirs = []] = answers.map((lines) =>
          // Where HEAD is not, `upstream` is a line without a mark.
          question === 'upstream' ? lines.filter((line) => line.startsWith('*')) : lines,
        );
        assert.deepEqual(ours, theirs, question);
      }
      assert.deepEqual(await modes(temp.join('ours')), await modes(temp.join('theirs')));
    });
  }

  const faults: [name: string, fields: () => GitMessage, reason: string][] = [
    [
      'fault 15: a server that is away is not a missing branch',
      () => ({ remoteUri: 'http://127.0.0.1:1/x', targetMode: REMOTE_BRANCH, cloneTarget: 'b' }),
      'GitRemoteUnavailable',
    ],
    [
      'fault 20: a revision is no option',
      () => ({ targetMode: REMOTE_COMMIT, cloneTarget: `--upload-pack=touch ${temp.join('ran')}` }),
      'InvalidSpec',
    ],
    ['fault 20: a URL is no option', () => ({ remoteUri: '--upload-pack=x' }), 'InvalidSpec'],
    [
      'fault 4: a location outside is refused',
      () => ({ checkoutLocation: '../outside' }),
      'InvalidSpec',
    ],
  ];
  for (const [name, fields, reason] of faults) {
    test(name, async () => {
      const run = fill(temp.path, git({ remoteUri: repository.url, ...fields() }));
      await assert.rejects(run, { reason });
      assert.deepEqual(await readdir(temp.path), []);
    });
  }
});

/** Modes of all files of the work tree by path. */
async function modes(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: Record<string, string> = {};
  for (const { parentPath, name } of entries) {
    const path = join(parentPath, name);
    const shown = path.slice(folder.length + 1);
    if (!/^\.git(\/|$)/.test(shown)) found[shown] = ((await stat(path)).mode & 0o7777).toString(8);
  }
  return found;
}
