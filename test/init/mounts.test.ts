import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWithin, mountOf, parseMountinfo } from '../../src/init/mounts.ts';

const table = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
25 22 0:21 / /data rw,nosuid - tmpfs tmpfs rw
26 25 0:22 / /data/with\\040blank rw,noexec shared:2 master:1 - tmpfs tmpfs rw
27 22 0:23 / /data ro - tmpfs tmpfs rw
30 22 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
`;
const mounts = parseMountinfo(table);

test('mount points, their options and their file systems are read', () => {
  assert.deepEqual(mounts[2], {
    path: '/data/with blank',
    options: ['rw', 'noexec'],
    type: 'tmpfs',
    root: '/',
    superOptions: ['rw'],
  });
  assert.deepEqual(mounts[4]?.superOptions, ['rw', 'cpu', 'cpuacct']);
  assert.equal(mounts.length, 5);
});

test('lines that are none are passed over', () => {
  assert.deepEqual(parseMountinfo('\nnonsense\n'), []);
});

test('the mount of a path is the nearest, and of those on one place the last', () => {
  const cases = [
    ['/elsewhere', 'ext4'],
    ['/data/with blank/file', '/data/with blank'],
    ['/data/with', '/data'],
    ['/database', '/'],
  ];
  assert.deepEqual(
    cases.map(([path = '']) => mountOf(path, mounts)?.path),
    ['/', '/data/with blank', '/data', '/'],
  );
  assert.deepEqual(mountOf('/data/file', mounts)?.options, ['ro']);
});

test('a path is within a directory by whole names', () => {
  assert.ok(isWithin('/a/b', '/a') && isWithin('/a', '/a') && isWithin('/a', '/'));
  assert.ok(!isWithin('/ab', '/a') && !isWithin('/', '/a'));
});
