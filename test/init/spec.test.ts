import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bindMount, buildSpec, type SpecInput } from '../../src/init/spec.ts';

const input: SpecInput = {
  cgroup: 'wsc-0a1b2c3d4e5f-x',
  args: ['/opt/node', '/opt/child.mjs'],
  env: { PATH: '/usr/bin', LC_ALL: 'C.UTF-8' },
  uid: 33333,
  gid: 44444,
  hostMounts: [bindMount('/usr', '/usr', 'ro')],
  destination: '/data/tests/content',
  destinationNoexec: false,
  cgroupNamespace: true,
  network: 'host',
  resources: {},
};
const spec = buildSpec(input);

test('the program runs as the user of the content, without a terminal and without new privileges', () => {
  const { args, env, user, terminal, noNewPrivileges, cwd } = spec.process;
  assert.deepEqual(
    { args, env, user, terminal, noNewPrivileges, cwd },
    {
      args: ['/opt/node', '/opt/child.mjs'],
      env: ['PATH=/usr/bin', 'LC_ALL=C.UTF-8'],
      user: { uid: 33333, gid: 44444, umask: 0o022 },
      terminal: false,
      noNewPrivileges: true,
      cwd: '/',
    },
  );
});

test('each of the five capability sets holds four capabilities and no others', () => {
  const four = ['CAP_CHOWN', 'CAP_FOWNER', 'CAP_MKNOD', 'CAP_SETFCAP'];
  assert.deepEqual(spec.process.capabilities, {
    bounding: four,
    effective: four,
    inheritable: four,
    permitted: four,
    ambient: four,
  });
});

test('no id of the sandbox is root of the node, and every other id is itself', () => {
  for (const map of [spec.linux.uidMappings, spec.linux.gidMappings]) {
    assert.ok(map.every(({ hostID }) => hostID !== 0));
    const itself = map.find(
      ({ containerID, size }) => containerID <= 33333 && 33333 < containerID + size,
    );
    assert.deepEqual(itself, { containerID: 1, hostID: 1, size: 4_294_967_292 });
  }
});

const namespaces: readonly (readonly [string, Partial<SpecInput>, readonly object[]])[] = [
  ['a cgroup namespace where the kernel has them', {}, [{ type: 'cgroup' }]],
  ['none where it has not', { cgroupNamespace: false }, []],
  [
    'a network to join, when there is one',
    { network: { path: '/run/netns/x' } },
    [{ type: 'cgroup' }, { type: 'network', path: '/run/netns/x' }],
  ],
  [
    'a new network that leads nowhere, for runs that need none',
    { network: 'none' },
    [{ type: 'cgroup' }, { type: 'network' }],
  ],
];
for (const [name, more, expected] of namespaces) {
  test(`namespaces: ${name}`, () => {
    const always = ['pid', 'ipc', 'uts', 'mount', 'user'].map((type) => ({ type }));
    assert.deepEqual(buildSpec({ ...input, ...more }).linux.namespaces, [...always, ...expected]);
  });
}

test('the root filesystem is read-only; the destination alone is writable, but for tmpfs', () => {
  assert.deepEqual(spec.root, { path: 'rootfs', readonly: true });
  const binds = spec.mounts.filter(({ type }) => type === 'bind');
  assert.deepEqual(
    binds.filter(({ options }) => !options.includes('ro')).map(({ destination }) => destination),
    ['/dst'],
  );
  for (const { destination, options } of binds) {
    assert.ok(options.includes('nosuid') && options.includes('nodev'), destination);
  }
});

test('each tmpfs has a size', () => {
  for (const { destination, options } of spec.mounts.filter(({ type }) => type === 'tmpfs')) {
    assert.ok(
      options.some((option) => option.startsWith('size=')),
      destination,
    );
  }
});

test('a destination on a file system without execution stays without', () => {
  const mount = buildSpec({ ...input, destinationNoexec: true }).mounts.at(-1);
  assert.deepEqual(mount, {
    destination: '/dst',
    type: 'bind',
    source: '/data/tests/content',
    options: ['rbind', 'nosuid', 'nodev', 'rw', 'noexec'],
  });
});

test('seccomp refuses what is not allowed, and the limits are those that are given', () => {
  const resources = { pids: { limit: 100 } };
  const { linux } = buildSpec({ ...input, resources });
  assert.equal(linux.seccomp.defaultAction, 'SCMP_ACT_ERRNO');
  assert.deepEqual(linux.resources, resources);
});
