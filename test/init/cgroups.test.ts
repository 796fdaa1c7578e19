import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cgroupDirectories, cgroupName } from '../../src/init/cgroups.ts';
import { parseMountinfo } from '../../src/init/mounts.ts';

test('in version 1 a container is looked for below the daemon in each hierarchy', () => {
  const mounts = parseMountinfo(`1 1 0:1 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
2 1 0:2 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
3 1 0:3 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd`);
  const membership = '4:memory:/pods/a\n3:cpu,cpuacct:/\n1:name=systemd:/unit\n';
  assert.deepEqual(cgroupDirectories('wsc-x', membership, mounts), [
    '/sys/fs/cgroup/memory/pods/a/wsc-x',
    '/sys/fs/cgroup/memory/pods/wsc-x',
    '/sys/fs/cgroup/cpu,cpuacct/wsc-x',
    '/sys/fs/cgroup/cpu,cpuacct/wsc-x',
    '/sys/fs/cgroup/systemd/unit/wsc-x',
    '/sys/fs/cgroup/systemd/wsc-x',
  ]);
});

test('in version 2 it is looked for beside the daemon', () => {
  const mounts = parseMountinfo('1 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw');
  assert.deepEqual(cgroupDirectories('wsc-x', '0::/pods/a\n', mounts), [
    '/sys/fs/cgroup/pods/a/wsc-x',
    '/sys/fs/cgroup/pods/wsc-x',
  ]);
});

test('a part of a hierarchy that is mounted by itself is the top of it', () => {
  const mounts = parseMountinfo('1 1 0:1 /pods/a /sys/fs/cgroup rw - cgroup2 cgroup2 rw');
  assert.deepEqual(cgroupDirectories('wsc-x', '0::/pods/a\n', mounts), ['/sys/fs/cgroup/wsc-x']);
});

test('a hierarchy that is not mounted, and lines that are none, have no directory', () => {
  const mounts = parseMountinfo('1 1 0:1 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory');
  assert.deepEqual(cgroupDirectories('wsc-x', '2:pids:/a\n0::/\nnonsense', mounts), []);
});

test('the cgroup of a container begins as all of them, ends with the uid, and tells state directories apart', () => {
  const names = ['/var/lib/a', '/var/lib/b'].map((stateDir) => cgroupName({ stateDir }, 'wsc-x'));
  for (const name of names) assert.match(name, /^wsc-[0-9a-f]{12}-x$/);
  assert.notEqual(names[0], names[1]);
  assert.equal(cgroupName({ stateDir: '/var/lib/a/' }, 'wsc-x'), names[0]);
});
