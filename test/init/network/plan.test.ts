import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InitializerMessage } from '../../../src/api/initializer.ts';
import { needsNetwork } from '../../../src/init/network/needs-network.ts';
import { networkName } from '../../../src/init/network/network.ts';
import { parseResolver } from '../../../src/init/network/resolver.ts';

const git = { remoteUri: 'https://git.test/one.git' };
const initializers: readonly (readonly [string, InitializerMessage, boolean])[] = [
  ['an empty directory', { empty: {} }, false],
  ['a volume snapshot', { snapshot: { fromVolumeSnapshot: true } }, false],
  ['a backup from a volume snapshot', { backup: { fromVolumeSnapshot: true } }, false],
  [
    'composites of those',
    {
      composite: { initializer: [{ empty: {} }, { composite: { initializer: [{ empty: {} }] } }] },
    },
    false,
  ],
  ['a repository', { git }, true],
  ['files', { download: { files: [] } }, true],
  ['a prebuild that falls back on git', { prebuild: { git: [git] } }, true],
  [
    'a composite with one of those',
    { composite: { initializer: [{ empty: {} }, { composite: { initializer: [{ git }] } }] } },
    true,
  ],
];
for (const [what, initializer, expected] of initializers) {
  test(`${what} ${expected ? 'takes' : 'takes no'} network`, () => {
    assert.equal(needsNetwork(initializer, {}), expected);
  });
}

test('whatever is downloaded from object storage takes a network, a backup before all else too', () => {
  const backup = { url: 'https://store.test/full.tar', headers: {} };
  assert.equal(needsNetwork({ empty: {} }, { backup }), true);
});

const resolvers: readonly (readonly [string, string, readonly string[], boolean])[] = [
  [
    'nameservers are those of IPv4',
    '# x\nnameserver 10.0.0.1\nnameserver fd00::1\nnameserver\t10.0.0.2\n',
    ['10.0.0.1', '10.0.0.2'],
    false,
  ],
  [
    'the stub of systemd-resolved cannot be reached',
    'nameserver 127.0.0.53\noptions edns0\n',
    [],
    true,
  ],
  ['nor can nameservers of IPv6', 'nameserver ::1\nnameserver fd00::53\n', [], true],
  [
    'one behind a stub is enough',
    'nameserver 127.0.0.1\nnameserver 10.0.0.1\n',
    ['10.0.0.1'],
    false,
  ],
  ['none at all is nobody to reach', 'search example.com\n', [], false],
];
for (const [what, text, nameservers, unreachable] of resolvers) {
  test(`resolv.conf: ${what}`, () =>
    assert.deepEqual(parseResolver(text), { nameservers, unreachable }));
}

test('the name of a network fits an interface, and is that of one run of one daemon', () => {
  const name = networkName({ stateDir: '/state' }, 'wsc-1');
  assert.match(name, /^wsc[0-9a-f]{12}$/);
  assert.equal(networkName({ stateDir: '/state/' }, 'wsc-1'), name);
  assert.notEqual(networkName({ stateDir: '/other' }, 'wsc-1'), name);
  assert.notEqual(networkName({ stateDir: '/state' }, 'wsc-2'), name);
});
