import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import fc from 'fast-check';
import { summarizeIndex } from '../../../src/child/git/index-summary.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';

const nothing = { bytes: 0, submodules: [], attributes: [] };

describe("the summary of git's index", () => {
  let temp: TempDir;
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => await temp.remove());

  for (const [format, hashBytes] of [
    ['sha1', 20],
    ['sha256', 32],
  ] as const) {
    test(`adds the lengths of the files up and names the submodules (${format})`, async () => {
      const git = async (...args: string[]): Promise<string> =>
        (await execa('git', ['-C', temp.path, ...args])).stdout;
      await git('init', '--quiet', `--object-format=${format}`);
      let expected = 0;
      for (let length = 1; length <= 20; length += 1) {
        await writeFile(temp.join('n'.repeat(length)), 'x'.repeat(length * 100));
        expected += length * 100;
      }
      await git('add', '.');
      for (const path of ['.gitattributes', 'a/.gitattributes', 'x.gitattributes']) {
        await git(
          'update-index',
          '--add',
          '--cacheinfo',
          `100644,${'cd'.repeat(hashBytes)},${path}`,
        );
      }
      const commit = 'ab'.repeat(hashBytes);
      await git('update-index', '--add', '--cacheinfo', `160000,${commit},modules/süb`);
      await writeFile(temp.join('later'), '12345');
      await git('add', '--intent-to-add', 'later');

      const index = await readFile(temp.join('.git/index'));
      const { bytes, submodules, attributes } = summarizeIndex(index, hashBytes);
      assert.deepEqual(attributes, ['.gitattributes', 'a/.gitattributes']);
      // git notes the length of a file that is only to be added as 0.
      assert.deepEqual({ bytes, submodules }, { bytes: expected, submodules: ['modules/süb'] });
    });
  }

  test('what is no index counts as nothing', () => {
    for (const bytes of ['', 'DIRC', 'DIRC\0\0\0\x09\0\0\0\x01', 'PACK\0\0\0\x02\0\0\0\x01']) {
      assert.deepEqual(summarizeIndex(Buffer.from(bytes), 20), nothing);
    }
  });

  test('no garbage makes it throw or loop', () => {
    const header = Buffer.from('DIRC\0\0\0\x02\xff\xff\xff\xff', 'latin1');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        assert.ok(summarizeIndex(Buffer.concat([header, bytes]), 20).bytes >= 0);
      }),
    );
  });
});
