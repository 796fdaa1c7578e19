import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { createRunEnvironment } from '../../src/init/environment.ts';
import { findHostFiles } from '../../src/init/host-files.ts';
import { createTempDir } from '../support/temp.ts';

const base = { stateDir: '/state', childDir: '/program/child', variables: {} };

test('nothing of the daemon that is no business of the sandbox is mounted, and all is read-only', async () => {
  const { mounts } = await findHostFiles(createRunEnvironment(base));
  for (const { source, options } of mounts) {
    assert.doesNotMatch(source, /^\/(|var|etc|sys|root|home|run|proc|dev)(\/$|$)|serviceaccount/);
    assert.ok(options.includes('ro') && options.includes('nosuid') && options.includes('nodev'));
  }
});

test('Node below /usr is run where it is; another is mounted by itself', async () => {
  const below = await findHostFiles(createRunEnvironment({ ...base, nodeBinary: '/usr/bin/node' }));
  assert.equal(below.args[0], '/usr/bin/node');
  const other = await findHostFiles(createRunEnvironment({ ...base, nodeBinary: '/own/node' }));
  assert.equal(other.args[0], '/opt/workspace-content/bin/node');
  assert.deepEqual(
    other.mounts
      .filter(({ source }) => source === '/own/node')
      .map(({ destination }) => destination),
    ['/opt/workspace-content/bin/node'],
  );
});

test('CA files that the daemon is told of are mounted at a place of their own; missing ones are not', async () => {
  await using temp = await createTempDir();
  await writeFile(temp.join('ca.pem'), '');
  await mkdir(temp.join('certs'));
  const { mounts, variables } = await findHostFiles(
    createRunEnvironment({
      ...base,
      variables: {
        GIT_SSL_CAINFO: temp.join('ca.pem'),
        GIT_SSL_CAPATH: temp.join('certs'),
        SSL_CERT_FILE: temp.join('missing.pem'),
        NODE_EXTRA_CA_CERTS: '',
      },
    }),
  );
  assert.deepEqual(variables, {
    NODE_COMPILE_CACHE: '/opt/workspace-content/child/cache',
    NODE_COMPILE_CACHE_PORTABLE: '1',
    GIT_SSL_CAINFO: '/etc/workspace-content/ca/GIT_SSL_CAINFO',
    GIT_SSL_CAPATH: '/etc/workspace-content/ca/GIT_SSL_CAPATH',
  });
  assert.deepEqual(
    mounts
      .filter(({ source }) => source.startsWith(temp.path))
      .map(({ source, destination }) => [source, destination]),
    [
      [temp.join('ca.pem'), '/etc/workspace-content/ca/GIT_SSL_CAINFO'],
      [temp.join('certs'), '/etc/workspace-content/ca/GIT_SSL_CAPATH'],
    ],
  );
});
