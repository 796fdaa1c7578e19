import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressesOf } from '../../../src/init/network/pool.ts';
import { formatRange, parseRange } from '../../../src/init/network/ranges.ts';

const ranges: readonly (readonly [string, string | undefined])[] = [
  ['10.96.0.1', '10.96.0.1/32'],
  ['10.96.0.1/12', '10.96.0.0/12'],
  ['255.255.255.255/1', '128.0.0.0/1'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['fd00::1', undefined],
  ['fd00::/64', undefined],
];
for (const [text, expected] of ranges) {
  test(`${text} is ${expected ?? 'of IPv6 and left out'}`, () => {
    const range = parseRange(text);
    assert.equal(range === undefined ? undefined : formatRange(range), expected);
  });
}

for (const text of [
  '',
  '10.0.0',
  '10.0.0.256',
  '10.0.0.0/33',
  '10.0.0.0/',
  'host',
  '10.0.0.0/8/8',
  'fd00::/129',
  '10.0.0.0/8; flush',
]) {
  test(`${JSON.stringify(text)} is no range`, () => {
    assert.throws(
      () => parseRange(text),
      new TypeError('must be an address or a range, such as 10.96.0.1 or 10.96.0.0/12'),
    );
  });
}

test('sandboxes get each address of the pool but the outermost and that of the node', () => {
  const expected = ['198.18.7.4', '198.18.7.5', '198.18.7.6', '198.18.7.2', '198.18.7.3'];
  const pool = addressesOf('198.18.7.0/29', () => 0.5);
  assert.deepEqual(pool, { gateway: '198.18.7.1', addresses: expected });
});

test('of a large pool a few addresses are tried', () => {
  const { addresses } = addressesOf('10.0.0.0/8', () => 0.999_999_999);
  assert.equal(addresses.length, 64);
  assert.deepEqual(addresses.slice(0, 1), ['10.255.255.254']);
});

for (const text of ['198.18.0.0/30', '198.18.0.1', 'fd00::/64']) {
  test(`${text} is no pool`, () =>
    assert.throws(() => addressesOf(text, () => 0), /prefix of 29 or less/));
}
