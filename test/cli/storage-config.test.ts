import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { content } from './support/content.ts';
import { invoke } from './support/invoke.ts';

describe('a storage configuration', () => {
  let temp: TempDir;
  before(async () => {
    temp = await createTempDir();
  });
  after(async () => await temp.remove());

  const commands: readonly (readonly string[])[] = [
    ['run', '-f', '-'],
    ['controller', '--node-name', 'n'],
  ];
  for (const command of commands) {
    const [name = ''] = command;
    const start = async (file: string): ReturnType<typeof invoke> =>
      await invoke([...command, '--storage-config', file], { stdin: content({ empty: {} }) });

    test(`that is not there ends ${name} with 2`, async () => {
      const file = temp.join('none.yaml');
      const { exitCode, stdout, stderr } = await start(file);
      assert.deepEqual([exitCode, stdout], [2, '']);
      assert.equal(stderr, `wscontent: ${file}: cannot be read: ENOENT\n`);
    });

    test(`with mistakes ends ${name} with 2 and all of them, a line each`, async () => {
      const file = temp.join(`${name}.yaml`);
      await writeFile(file, 'stores: {main: {endpoint: "ftp://x", colour: red}}\n');
      const { exitCode, stderr } = await start(file);
      assert.equal(exitCode, 2);
      assert.match(stderr, /stores\.main\.colour: .*\n {2}.*stores\.main\.endpoint: /);
    });
  }

  test('is named by the environment, too', async () => {
    const file = temp.join('none.yaml');
    const { exitCode, stderr } = await invoke(['run', '-f', '-'], {
      stdin: content({ empty: {} }),
      env: { WSCONTENT_STORAGE_CONFIG: file },
    });
    assert.equal(exitCode, 2);
    assert.ok(stderr.includes(file), stderr);
  });
});
