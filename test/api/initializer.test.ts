import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ContentError } from '../../src/api/errors.ts';
import { decodeInitializer, type InitializerMessage } from '../../src/api/initializer.ts';
import { contentservice } from '../../src/api/initializer.generated.js';
import { defaultLimits } from '../../src/api/protocol.ts';

const { WorkspaceInitializer } = contentservice;

function nested(depth: number): InitializerMessage {
  return depth === 0 ? { empty: {} } : { composite: { initializer: [nested(depth - 1)] } };
}

test('field numbers are those of existing clients', () => {
  // git { remote_uri: "u", target_mode: REMOTE_BRANCH, clone_target: "b", config {}, full_clone: true }
  const bytes = Buffer.from('120c0a0175180222016232003801', 'hex');
  const { git } = decodeInitializer(bytes);
  assert.equal(git?.remoteUri, 'u');
  assert.equal(git?.targetMode, contentservice.CloneTargetMode.REMOTE_BRANCH);
  assert.equal(git?.cloneTarget, 'b');
  assert.equal(git?.fullClone, true);
  assert.equal(git?.branchRequired, false);
});

test('fields that are not known are kept out of the way', () => {
  const known = WorkspaceInitializer.encode({ empty: {} }).finish();
  const unknown = Buffer.from('a2060378797a', 'hex'); // field 100: "xyz"
  assert.deepEqual(
    WorkspaceInitializer.toObject(
      WorkspaceInitializer.fromObject(decodeInitializer(Buffer.concat([known, unknown]))),
    ),
    { empty: {} },
  );
});

test('whatever bytes come, the answer is a message or InvalidSpec', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeInitializer(bytes);
      } catch (error) {
        assert.ok(error instanceof ContentError);
        assert.equal(error.reason, 'InvalidSpec');
      }
    }),
    { numRuns: 2000 },
  );
});

test('a message nested a thousand deep is refused, not followed', () => {
  let bytes: Buffer = Buffer.from('0a00', 'hex'); // empty {}
  for (let depth = 0; depth < 1000; depth += 1) bytes = field(5, field(1, bytes));
  assert.throws(() => decodeInitializer(bytes), { reason: 'InvalidSpec' });
});

/** A length-delimited protobuf field. */
function field(number: number, value: Buffer): Buffer {
  const length = [
    (value.length & 0x7f) | 0x80,
    ((value.length >> 7) & 0x7f) | 0x80,
    value.length >> 14,
  ];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), value]);
}

test('depth, steps and size are limited', () => {
  const encode = (message: InitializerMessage): Uint8Array =>
    WorkspaceInitializer.encode(message).finish();
  const { compositeDepth, steps } = defaultLimits;
  assert.ok(decodeInitializer(encode(nested(compositeDepth))));
  const wide = (count: number): InitializerMessage => ({
    composite: { initializer: Array.from({ length: count }, () => ({ empty: {} })) },
  });
  assert.ok(decodeInitializer(encode(wide(steps - 1))));
  const long = 'x'.repeat(300 * 1024);
  const table: [InitializerMessage, RegExp][] = [
    [nested(compositeDepth + 1), /nests composites more than 8 deep/],
    [wide(steps), /more than 256 steps/],
    [{ git: { remoteUri: long } }, /more than 262144/],
    [{}, /names none of empty, git/],
    [{ composite: { initializer: [{ empty: {} }, {}] } }, /composite\[1\] names none of/],
  ];
  for (const [message, expected] of table) {
    assert.throws(() => decodeInitializer(encode(message)), {
      reason: 'InvalidSpec',
      message: expected,
    });
  }
});
