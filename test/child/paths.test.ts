import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { ContentError } from '../../src/api/errors.ts';
import {
  displayed,
  makeDirectory,
  parseDirectory,
  parseFile,
  removeEmpty,
} from '../../src/child/paths.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';

const pieces = fc.constantFrom(
  'a',
  'ü',
  '.',
  '..',
  '...',
  '/',
  '//',
  '-',
  '\0',
  '\n',
  '~',
  ' ',
  'x/../y',
  '%2e%2e',
);
const texts = fc.oneof(
  fc.string(),
  fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join('')),
);

describe('paths below the destination', () => {
  for (const parse of [parseDirectory, parseFile]) {
    test(`never lead out of it (${parse.name})`, () => {
      const property = fc.property(texts, (text) => {
        let parts: readonly string[];
        try {
          parts = parse(text, 'field');
        } catch (error) {
          assert.ok(error instanceof ContentError && error.reason === 'InvalidSpec');
          assert.match(error.message, /^field: /);
          return;
        }
        const path = resolve('/dst', ...parts);
        assert.ok(path === '/dst' || path.startsWith('/dst/'));
        assert.equal(path, ['/dst', ...parts].join('/'));
      });
      fc.assert(property, { numRuns: 1000 });
    });
  }

  const directories = [
    ['', []],
    ['.', []],
    ['a/b/', ['a', 'b']],
    ['./a//./b', ['a', 'b']],
    ['...', ['...']],
  ] as const;
  for (const [text, parts] of directories) {
    test(`${JSON.stringify(text)} is a directory`, () => {
      assert.deepEqual(parseDirectory(text, 'field'), parts);
    });
  }

  for (const text of ['', '.', 'a/', 'a/.', '/a', '..', 'a/../b', '-a', 'a\nb']) {
    test(`${JSON.stringify(text)} is no file`, () => {
      assert.throws(() => parseFile(text, 'field'), { reason: 'InvalidSpec' });
    });
  }
});

describe('making a directory', () => {
  let temp: TempDir;
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => await temp.remove());

  test('answers which ones are new, so that they can be taken back', async () => {
    await mkdir(temp.join('a'));
    const made = await makeDirectory(temp.path, ['a', 'b', 'c']);
    assert.deepEqual(made, {
      path: temp.join('a/b/c'),
      created: [temp.join('a/b'), temp.join('a/b/c')],
    });
    await removeEmpty(made.created);
    assert.deepEqual(await readdir(temp.join('a')), []);
  });

  test('takes back only what is empty', async () => {
    const made = await makeDirectory(temp.path, ['a', 'b']);
    await writeFile(temp.join('a/file'), '');
    await removeEmpty(made.created);
    assert.deepEqual(await readdir(temp.join('a')), ['file']);
  });

  test('goes through no link and no file', async () => {
    await symlink('/tmp', temp.join('link'));
    await symlink('loop', temp.join('loop'));
    await writeFile(temp.join('file'), '');
    for (const [name, what] of [
      ['link', 'a symbolic link'],
      ['loop', 'a symbolic link'],
      ['file', 'a file'],
    ] as const) {
      await assert.rejects(makeDirectory(temp.path, [name, 'x']), {
        reason: 'PathNotAllowed',
        message: `${name} is ${what}, not a directory`,
      });
    }
  });

  test('can be done by several at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, async () => await makeDirectory(temp.path, ['a', 'b', 'c'])),
    );
    assert.equal(made.flatMap(({ created }) => created).length, 3);
  });

  test('is shown relative to the destination', () => {
    assert.equal(displayed('/dst/a/b', '/dst'), 'a/b');
  });
});
