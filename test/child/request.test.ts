import assert from 'node:assert/strict';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { ContentError } from '../../src/api/errors.ts';
import { parseRequest, readRequest } from '../../src/child/request.ts';
import { createTempDir, type TempDir } from '../support/temp.ts';
import { contentRequest } from './support/request.ts';

const request = contentRequest('/dst', { empty: {} });

function withField(path: readonly string[], value: unknown): unknown {
  const copy: Record<string, unknown> = structuredClone({ ...request });
  let owner = copy;
  for (const part of path.slice(0, -1)) owner = owner[part] as Record<string, unknown>;
  owner[path.at(-1) ?? ''] = value;
  return copy;
}

describe('a request', () => {
  test('is taken as the host writes it', () => {
    const full = {
      ...request,
      remoteContent: {
        'a@b': {
          url: 'https://h/a',
          size: 3,
          etag: '"1"',
          ca: '-----BEGIN CERTIFICATE-----\n',
          proxy: 'http://me:secret@proxy:3128',
        },
        c: { url: 'https://h/c' },
      },
      idMappings: [{ containerID: 0, hostID: 33333, size: 1 }],
      cleanSlate: true,
    };
    assert.deepEqual(parseRequest(JSON.stringify(full)), full);
  });

  const broken: readonly [path: readonly string[], value: unknown][] = [
    [['destination'], undefined],
    [['destination'], 'relative'],
    [['destination'], '/'],
    [['destination'], '/dst/../etc'],
    [['destination'], '/d\0st'],
    [['remoteContent'], []],
    [['remoteContent'], { a: 'https://h' }],
    [['remoteContent'], { a: { url: 1 } }],
    [['remoteContent'], { a: { url: 'file:///etc/passwd' } }],
    [['remoteContent'], { a: { url: 'https://h', size: -1 } }],
    [['remoteContent'], { a: { url: 'https://h', etag: '"1"\r\nx: y' } }],
    [['remoteContent'], { a: { url: 'https://h', ca: 1 } }],
    [['remoteContent'], { a: { url: 'https://h', proxy: 'proxy:3128' } }],
    [['remoteContent'], { a: { url: 'https://h', sha256: 'x' } }],
    [['idMappings'], {}],
    [['idMappings'], [{ containerID: 0, hostID: 1 }]],
    [['idMappings'], [{ containerID: 0, hostID: 2 ** 32, size: 1 }]],
    [['uid'], '33333'],
    [['uid'], 1.5],
    [['gid'], 2 ** 32 - 1],
    [['owner'], null],
    [['owner', 'owner'], 1],
    [['cleanSlate'], 'yes'],
    [['limits'], undefined],
    [['limits', 'steps'], Number.NaN],
  ];
  for (const [path, value] of broken) {
    test(`is refused with ${path.join('.')} = ${JSON.stringify(value)}`, () => {
      assert.throws(() => parseRequest(JSON.stringify(withField(path, value))), {
        reason: 'InternalError',
        message: new RegExp(`^the sandbox was handed a malformed request: ${path[0]}`),
      });
    });
  }

  for (const initializer of ['not base64!', 'abc', 'ab=c']) {
    test(`is refused with the initializer ${initializer}`, () => {
      assert.throws(() => parseRequest(JSON.stringify({ ...request, initializer })), {
        reason: 'InvalidSpec',
      });
    });
  }

  test('that is no JSON is refused without a word of it', () => {
    assert.throws(() => parseRequest('{"password": hunter2'), {
      reason: 'InternalError',
      message: 'the sandbox was handed a malformed request: it is no JSON',
    });
  });

  test('of any other form ends in a ContentError', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
    );
    const nearly = fc
      .tuple(fc.constantFrom(...Object.keys(request)), fc.jsonValue())
      .map(([name, value]) => JSON.stringify({ ...request, [name]: value }));
    fc.assert(
      fc.property(fc.oneof(anything, nearly), (text) => {
        try {
          parseRequest(text);
        } catch (error) {
          assert.ok(error instanceof ContentError);
        }
      }),
    );
  });
});

describe('reading a request', () => {
  let temp: TempDir;
  beforeEach(async () => {
    temp = await createTempDir();
  });
  afterEach(async () => await temp.remove());

  test('goes to the end of it, whatever pieces it comes in', () => {
    const text = JSON.stringify({ text: 'ü'.repeat(100_000) });
    writeFileSync(temp.join('request'), text);
    const fd = openSync(temp.join('request'), 'r');
    try {
      assert.equal(readRequest(fd), text);
    } finally {
      closeSync(fd);
    }
  });

  test('waits while a non-blocking pipe has nothing', () => {
    const answers = ['EAGAIN', '{}', 'EAGAIN', 'EOF'];
    const read = (_fd: number, buffer: Uint8Array): number => {
      const next = answers.shift() ?? '';
      if (next.startsWith('E')) throw Object.assign(new Error(next), { code: next });
      return Buffer.from(buffer.buffer).write(next);
    };
    assert.equal(readRequest(0, read as never), '{}');
  });

  test('gives up when there is no end', () => {
    assert.throws(
      () => readRequest(0, ((_fd: number, buffer: Uint8Array) => buffer.length) as never),
      {
        reason: 'InternalError',
      },
    );
  });
});
