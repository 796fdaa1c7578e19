import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseDigest } from '../../../src/child/download/digest.ts';
import { parseDownloadSpec } from '../../../src/child/download/spec.ts';

const url = 'https://example.com/file?sig=secret';
const digest = `sha256:${'a'.repeat(64)}`;
const file = { url, filePath: 'file', digest };

describe('digests', () => {
  const hex = (length: number): string => 'a'.repeat(length);
  for (const text of [`sha256:${hex(64)}`, `sha384:${hex(96)}`, `sha512:${hex(128)}`]) {
    test(`${text.slice(0, 12)} is one`, () => {
      const { algorithm, hex: digits } = parseDigest(text, 'digest');
      assert.equal(`${algorithm}:${digits}`, text);
    });
  }

  const bad = [
    ['', /^digest: is missing; it is sha256, sha384 or sha512/],
    [hex(64), /^digest: must be sha256, sha384 or sha512/],
    [`md5:${hex(32)}`, /^digest: must be sha256, sha384 or sha512/],
    [`toString:${hex(64)}`, /^digest: must be sha256/],
    [`SHA256:${hex(64)}`, /^digest: must be sha256/],
    [`sha256:${hex(63)}`, /^digest: sha256 needs 64 lower-case hex digits/],
    [`sha512:${hex(64)}`, /^digest: sha512 needs 128/],
    [`sha256:${hex(64).toUpperCase()}`, /^digest: sha256 needs 64 lower-case/],
    [`sha256:${hex(63)}g`, /^digest: sha256 needs 64/],
    ['sha256:', /^digest: sha256 needs 64/],
    [':', /^digest: must be/],
  ] as const;
  for (const [text, message] of bad) {
    test(`${text.slice(0, 20) || 'nothing'} is none`, () => {
      assert.throws(() => parseDigest(text, 'digest'), { reason: 'InvalidSpec', message });
    });
  }
});

describe('the download initializer as it is asked for', () => {
  test('joins the paths', () => {
    const files = parseDownloadSpec(
      { files: [{ ...file, filePath: 'a/b' }], targetLocation: 'to/' },
      'download',
    );
    assert.deepEqual(files[0]?.path, ['to', 'a', 'b']);
  });

  const bad = [
    [{ files: [file, { ...file, digest: 'x' }] }, /^download\.files\[1\]\.digest: must be/],
    [
      { files: [{ ...file, url: 'ftp://h/x' }] },
      /^download\.files\[0\]\.url: must start with http/,
    ],
    [{ files: [{ ...file, filePath: '' }] }, /^download\.files\[0\]\.filePath: must name a file/],
    [
      { files: [{ ...file, filePath: 'dir/' }] },
      /^download\.files\[0\]\.filePath: must name a file/,
    ],
    [
      { files: [{ ...file, filePath: '../x' }] },
      /^download\.files\[0\]\.filePath: may not hold '\.\.'/,
    ],
    [
      { files: [{ ...file, filePath: '/etc/x' }] },
      /^download\.files\[0\]\.filePath: must be relative/,
    ],
    [
      { files: [file], targetLocation: 'a/../..' },
      /^download\.targetLocation: may not hold '\.\.'/,
    ],
    [
      { files: [file, { ...file, filePath: './file' }] },
      /^download\.files\[1\]\.filePath: is the path of files\[0\] too/,
    ],
  ] as const;
  for (const [message, expected] of bad) {
    test(`is refused: ${expected.source}`, () => {
      assert.throws(
        () => parseDownloadSpec({ ...message, files: [...message.files] }, 'download'),
        {
          reason: 'InvalidSpec',
          message: expected,
        },
      );
    });
  }
});
