/** `wscontent run` with a storage configuration, as a person writes one. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { execa } from 'execa';
import { startObjectStore } from '../object-store/index.ts';
import { createTempDir } from '../support/temp.ts';
import { content } from './support/content.ts';
import { invoke } from './support/invoke.ts';

test('a snapshot is restored, its progress told, and no secret is shown', async () => {
  await using store = await startObjectStore();
  await using temp = await createTempDir();
  await chmod(temp.path, 0o755);
  await mkdir(temp.join('tree'));
  await writeFile(temp.join('tree/work'), 'of days');
  const archive = temp.join('archive');
  await execa('tar', ['--create', '--gzip', `--file=${archive}`, '-C', temp.join('tree'), '.']);
  await store.createBucket('snapshots');
  await store.putObject('snapshots', 'one', { file: archive });
  await writeFile(temp.join('access'), store.accessKey);
  await writeFile(temp.join('secret'), store.secretKey);
  await writeFile(
    temp.join('stores.yaml'),
    [
      'stores:',
      '  main:',
      `    endpoint: ${store.endpoint}`,
      '    credentials:',
      `      accessKeyFile: ${temp.join('access')}`,
      `      secretKeyFile: ${temp.join('secret')}`,
    ].join('\n'),
  );
  const flags = {
    'data-root': temp.join('data'),
    'state-dir': temp.join('state'),
    'storage-config': temp.join('stores.yaml'),
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const stdin = content({ snapshot: { snapshot: 'one@snapshots' } });
  const { exitCode, stdout, stderr } = await invoke(['run', '-f', '-', ...args], { stdin });
  assert.equal(exitCode, 0, stderr);
  assert.equal(await readFile(temp.join('data/default/one/work'), 'utf8'), 'of days');
  assert.match(stdout, /^ {2}source +from-backup$/m);
  assert.match(stdout, /^ {2}snapshot +\S+ +7 bytes$/m);
  assert.match(stderr, /^snapshot: Restoring 100% (\S+ \S+) of \1$/m);
  for (const secret of ['X-Amz', store.accessKey, store.secretKey]) {
    assert.ok(!`${stdout}${stderr}`.includes(secret));
  }
});
