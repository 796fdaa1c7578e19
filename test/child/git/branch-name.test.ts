import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import fc from 'fast-check';
import { branchNameProblem } from '../../../src/child/git/branch-name.ts';

const valid = ['main', 'feature/one', 'v1.2', 'ü', 'a@b', 'user/x-y_z', '@a', 'refs/heads/x'];
const invalid = [
  '',
  '-x',
  '--upload-pack=touch',
  'a b',
  'a..b',
  'a@{1}',
  '@',
  'HEAD',
  '/a',
  'a/',
  'a//b',
  '.a',
  'a/.b',
  'a.lock',
  'a.lock/b',
  'a.',
  'a~1',
  'a^',
  'a:b',
  'a?',
  'a*',
  'a[',
  'a\\b',
  'a\nb',
  'a\0b',
  '\u007f',
];

describe('branch names', () => {
  for (const name of valid) {
    test(`${name} is one`, () => assert.equal(branchNameProblem(name), undefined));
  }
  for (const name of invalid) {
    test(`${JSON.stringify(name)} is none`, () =>
      assert.notEqual(branchNameProblem(name), undefined));
  }

  test('are those that git takes', async () => {
    const names = fc.stringMatching(/^[a.@{}/\-l~^:\\ *?[]{1,8}(lock)?$/);
    const property = fc.asyncProperty(names, async (name) => {
      const { exitCode } = await execa('git', ['check-ref-format', `refs/heads/${name}`], {
        reject: false,
      });
      const taken = exitCode === 0 && !name.startsWith('-');
      assert.equal(branchNameProblem(name) === undefined, taken && name !== '@', name);
    });
    await fc.assert(property, { numRuns: 150 });
  });
});
