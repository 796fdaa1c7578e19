import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { WorkspaceContentStatus } from '../../src/api/types.generated.ts';
import { startFileServer, type FileServer } from '../support/file-server.ts';
import { startGitServer, type GitServer } from '../support/git-server.ts';
import { cgroupsNamed, filesContaining, findProcesses, mountsUnder } from '../support/leftovers.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { waitFor } from '../support/wait.ts';
import { content } from './support/content.ts';
import { invoke, type Invocation } from './support/invoke.ts';

const uid = '7f3f4ca8-6f2b-4a51-9d0c-0c8ac3a7a001';

describe('wscontent run', () => {
  let temp: TempDir;
  let git: GitServer;
  let files: FileServer;

  before(async () => {
    git = await startGitServer();
    files = await startFileServer();
  });
  after(async () => {
    await git.stop();
    await files.stop();
  });
  beforeEach(async () => {
    temp = await createTempDir();
    await chmod(temp.path, 0o755);
  });
  afterEach(async () => {
    const left = {
      processes: await findProcesses(temp.path),
      mounts: await mountsUnder(temp.path),
      cgroups: await cgroupsNamed(uid),
      state: await readdir(temp.join('state')).catch(() => []),
    };
    await temp.remove();
    assert.deepEqual(left, { processes: [], mounts: [], cgroups: [], state: [] });
  });

  const run = async (stdin: string, ...more: string[]): Promise<Invocation> =>
    await invoke(
      [
        'run',
        '-f',
        '-',
        '--data-root',
        temp.join('data'),
        '--state-dir',
        temp.join('state'),
        ...more,
      ],
      { stdin },
    );
  const json = async (
    stdin: string,
  ): Promise<{
    exitCode: number;
    stderr: string;
    status: WorkspaceContentStatus;
    stdout: string;
  }> => {
    const { exitCode, stdout, stderr } = await run(stdin, '-o', 'json');
    const { status } = JSON.parse(stdout) as { status: WorkspaceContentStatus };
    return { exitCode, stderr, status, stdout };
  };
  const place = (...parts: string[]): string => temp.join('data/default/one', ...parts);

  test('makes an empty directory and says so', async () => {
    const { exitCode, stdout, stderr } = await run(content({ empty: {} }));
    assert.equal(exitCode, 0, stderr);
    assert.match(
      stdout,
      new RegExp(`^Ready: ${place()}\n {2}source {4}from-other\n {2}duration {2}\\d+`),
    );
    const { uid: owner, mode } = await stat(place());
    assert.deepEqual({ owner, mode: mode & 0o7777 }, { owner: 33333, mode: 0o755 });
    assert.match(await readFile(place('.gitpod/ready'), 'utf8'), /"source":"from-other"/);
  });

  test('clones, downloads, and tells of each step', async () => {
    const repository = await git.create('project', {
      commits: [{ files: { 'README.md': 'hello\n' } }],
    });
    const url = files.serve('/f', 'Hello World!\n');
    const digest = `sha256:${createHash('sha256').update('Hello World!\n').digest('hex')}`;
    const { exitCode, stdout, stderr } = await run(
      content({
        composite: {
          initializer: [
            { git: { remoteUri: repository.url, checkoutLocation: 'project' } },
            { download: { files: [{ url, filePath: 'f', digest }] } },
          ],
        },
      }),
    );
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^ {2}STEP +DURATION +SIZE\n {2}composite\[0\]\.git +\S+ +\d/m);
    assert.match(stdout, /^ {2}composite\[1\]\.download +\S+ +13 bytes$/m);
    assert.equal(await readFile(place('project/README.md'), 'utf8'), 'hello\n');
    assert.equal(await readFile(place('f'), 'utf8'), 'Hello World!\n');
  });

  test('-o json prints the resource with its status', async () => {
    const { exitCode, status } = await json(
      content({ empty: {} }, { hostPath: temp.join('data/default/other') }),
    );
    assert.equal(exitCode, 0);
    assert.equal(status.phase, 'Ready');
    assert.equal(status.hostPath, temp.join('data/default/other'));
    assert.equal(status.source, 'from-other');
    assert.deepEqual(
      status.conditions?.map(({ type, status: is, reason }) => [type, is, reason]),
      [['Ready', 'True', 'InitializationSuccess']],
    );
  });

  test('a repository that does not exist fails, says what to do, and leaves nothing', async () => {
    const text = content({ git: { remoteUri: `${git.url}/none.git` } });
    const { exitCode, stdout, stderr } = await run(text);
    assert.equal(exitCode, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^Failed: GitRepositoryNotFound in git\n {2}.*Check remoteUri/m);
    await assert.rejects(stat(place()), { code: 'ENOENT' });

    const { exitCode: again, status } = await json(text);
    assert.equal(again, 1);
    assert.equal(status.phase, 'Failed');
    assert.equal(status.error?.reason, 'GitRepositoryNotFound');
    assert.equal(status.conditions?.find(({ type }) => type === 'Stalled')?.status, 'True');
  });

  test('a digest that does not match leaves nothing', async () => {
    const url = files.serve('/g', 'not what was meant');
    const digest = `sha256:${'0'.repeat(64)}`;
    const { exitCode, status } = await json(
      content({ download: { files: [{ url, filePath: 'f', digest }] } }),
    );
    assert.equal(exitCode, 1);
    assert.equal(status.error?.reason, 'DigestMismatch');
    await assert.rejects(stat(place()), { code: 'ENOENT' });
  });

  test('a password from a Secret of the same file works and shows up nowhere', async () => {
    const password = 'pä%20ss "w\'ört';
    const repository = await git.create(
      'private',
      { commits: [{ files: { a: '1' } }] },
      { user: 'me@example.com', password },
    );
    const secret = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'login' },
      type: 'kubernetes.io/basic-auth',
      data: {
        username: Buffer.from('me@example.com').toString('base64'),
        password: Buffer.from(password).toString('base64'),
      },
    });
    const text = content({
      git: { remoteUri: repository.url, config: { authSecretRef: { name: 'login' } } },
    });
    const { exitCode, stdout, stderr } = await run([text, secret].join('\n---\n'), '-o', 'json');
    assert.equal(exitCode, 0, stderr);
    assert.equal(await readFile(place('a'), 'utf8'), '1');
    for (const shown of [stdout, stderr]) {
      assert.ok(!shown.includes(password));
      assert.ok(!shown.includes(Buffer.from(password).toString('base64')));
    }
    assert.deepEqual(await filesContaining(temp.path, "w'ört"), []);

    const wrong = secret.replace(
      Buffer.from(password).toString('base64'),
      Buffer.from('wrong').toString('base64'),
    );
    const failed = await run([text.replace('"one"', '"two"'), wrong].join('\n---\n'));
    assert.equal(failed.exitCode, 1);
    assert.match(failed.stderr, /^Failed: GitAuthenticationFailed/m);
  });

  test('content that is there is refused, and given up where the resource says so', async () => {
    await mkdir(place(), { recursive: true });
    await writeFile(place('work'), 'of days');
    const { exitCode, stderr } = await run(content({ empty: {} }));
    assert.equal(exitCode, 1);
    assert.match(stderr, /^Failed: PathNotEmpty\n {2}.*existingContent: Replace/m);
    assert.equal(await readFile(place('work'), 'utf8'), 'of days');

    const replaced = await run(content({ empty: {} }, { existingContent: 'Replace' }));
    assert.equal(replaced.exitCode, 0, replaced.stderr);
    assert.deepEqual(await readdir(place()), ['.gitpod']);
  });

  test("content that this node's daemon has made is not touched, whatever the resource says", async () => {
    await mkdir(place(), { recursive: true });
    await writeFile(place('work'), 'of days');
    await mkdir(temp.join('daemon/journal'), { recursive: true });
    const entry = {
      version: 1,
      ...{ uid, namespace: 'default', name: 'one', hostPath: place() },
      ...{ attempts: 1, failures: 0, dirty: false, state: 'succeeded' },
      ...{ startTime: 1, completionTime: 2, duration: 3 },
      report: { source: 'from-other', metrics: [], warnings: [] },
    };
    await writeFile(temp.join(`daemon/journal/${uid}.json`), JSON.stringify(entry));
    const flags = ['--data-root', temp.join('data'), '--state-dir', temp.join('daemon')];
    const replacing = (metadata?: object): string =>
      content({ empty: {} }, { existingContent: 'Replace' }, metadata);
    const { exitCode, stdout, stderr } = await invoke(['run', '-f', '-', ...flags], {
      stdin: replacing({ uid }),
    });
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /has made this content already; nothing was touched/);
    assert.match(stdout, /^Ready: /);
    assert.equal(await readFile(place('work'), 'utf8'), 'of days');
    const other = await invoke(['run', '-f', '-', ...flags], { stdin: replacing() });
    assert.equal(other.exitCode, 1);
    assert.match(
      other.stderr,
      /^Failed: PathInUse\n.*belongs to the WorkspaceContent default\/one/m,
    );
    assert.equal(await readFile(place('work'), 'utf8'), 'of days');
  });

  test('Ctrl-C ends it, and nothing stays', async () => {
    const url = files.serve('/slow', 'x', { hang: true });
    const digest = `sha256:${'0'.repeat(64)}`;
    const signals = new EventEmitter();
    const running = invoke(
      ['run', '-f', '-', '--data-root', temp.join('data'), '--state-dir', temp.join('state')],
      {
        stdin: content({ download: { files: [{ url, filePath: 'f', digest }] } }, {}, { uid }),
        signals,
      },
    );
    await waitFor('the download to begin', () =>
      files.requests.some(({ path }) => path === '/slow'),
    );
    signals.emit('SIGINT');
    const { exitCode, stderr } = await running;
    assert.equal(exitCode, 1);
    assert.match(stderr, /^Cancelled: the attempt was interrupted/m);
    await assert.rejects(stat(place()), { code: 'ENOENT' });
  });
});
