import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { execa } from 'execa';
import fc from 'fast-check';
import {
  comparableKey,
  completeConfig,
  configEnvironment,
  configProblem,
  renderConfig,
} from '../../../src/child/git/config.ts';
import { gitEnvironment } from '../../support/git-repository.ts';
import { createTempDir, type TempDir } from '../../support/temp.ts';

const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}$/);
const subsection = fc.stringMatching(/^[^=\0-\x1f\x7f-\uffff]{1,20}$/);
const key = fc
  .tuple(word, fc.option(subsection), word)
  .map((parts) => parts.filter((part) => part !== null).join('.'));
const value = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\0'));

describe('git configuration', () => {
  let temp: TempDir;
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => await temp.remove());

  const read = async (
    env: Record<string, string>,
    ...args: string[]
  ): Promise<[string, string][]> => {
    const options = {
      cwd: temp.path,
      env: { ...gitEnvironment, ...env },
      stripFinalNewline: false,
    };
    const { stdout } = await execa('git', ['config', ...args, '--list', '-z'], options);
    return stdout
      .split('\0')
      .filter(Boolean)
      .map((entry) => [entry.slice(0, entry.indexOf('\n')), entry.slice(entry.indexOf('\n') + 1)]);
  };

  test('git reads from the file what was rendered', async () => {
    const anyEntry = fc
      .record({ key, value })
      .filter((entry) => configProblem(entry) === undefined);
    const property = fc.asyncProperty(fc.array(anyEntry, { maxLength: 6 }), async (entries) => {
      await writeFile(temp.join('config'), renderConfig(entries));
      assert.deepEqual(
        await read({}, '--file', temp.join('config')),
        entries.map((entry) => [comparableKey(entry.key), entry.value]),
      );
    });
    await fc.assert(property, { numRuns: 60 });
  });

  test('git reads from the environment what was put there', async () => {
    const entries = [
      { key: 'core.autocrlf', value: 'true' },
      { key: 'http.https://h:1/.extraHeader', value: ' a "b" \\ \n c' },
    ];
    assert.deepEqual(await read(configEnvironment(entries)), [
      ['core.autocrlf', 'true'],
      ['http.https://h:1/.extraheader', ' a "b" \\ \n c'],
    ]);
  });

  const problems = [
    ['core.autocrlf', 'true', false],
    ['http.https://example.com/a.b/.proxy', 'x', false],
    ['core', 'true', true],
    ['', 'true', true],
    ['-core.x', 'true', true],
    ['core.1x', 'true', true],
    ['core.a=b.x', 'true', true],
    ['core.a\nb.x', 'true', true],
    ['core.x', 'a\0b', true],
  ] as const;
  for (const [name, text, isProblem] of problems) {
    test(`${JSON.stringify(name)} = ${JSON.stringify(text)} is ${isProblem ? 'refused' : 'taken'}`, () => {
      assert.equal(configProblem({ key: name, value: text }) !== undefined, isProblem);
    });
  }

  test("a fresh clone's refspec is replaced, or added where there is none", () => {
    const url = '[remote "origin"]\n\turl = https://h/r\n';
    const single = `${url}\tfetch = +refs/heads/$1:refs/remotes/origin/$1\n`;
    assert.equal(completeConfig(single, '+a/*:b/*', []), `${url}\tfetch = +a/*:b/*\n`);
    assert.equal(
      completeConfig(url, '+a/*:b/*', []),
      `${url}[remote "origin"]\n\tfetch = "+a/*:b/*"\n`,
    );
  });
});
