import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proxyUrls, sandboxVariables } from '../../src/init/sandbox-environment.ts';

const own = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin',
  HOME: '/tmp',
  LC_ALL: 'C.UTF-8',
};

test('of the daemon only its proxy settings get through', () => {
  const daemon = {
    PATH: '/daemon',
    HOME: '/root',
    KUBERNETES_SERVICE_HOST: '10.0.0.1',
    AWS_SECRET_ACCESS_KEY: 'x',
    NODE_OPTIONS: '--inspect',
    GIT_SSH_COMMAND: 'x',
    http_proxy: 'http://proxy:3128',
    HTTPS_PROXY: 'http://proxy:3129',
    NO_PROXY: '',
  };
  assert.deepEqual(sandboxVariables(daemon, {}), {
    ...own,
    http_proxy: 'http://proxy:3128',
    HTTPS_PROXY: 'http://proxy:3129',
  });
});

test('CA settings are those of the sandbox, not of the daemon', () => {
  const variables = sandboxVariables(
    { GIT_SSL_CAINFO: '/daemon.pem' },
    { GIT_SSL_CAINFO: '/ca.pem' },
  );
  assert.deepEqual(variables, { ...own, GIT_SSL_CAINFO: '/ca.pem' });
});

test('addresses of proxies are known, since they may hold a password', () => {
  const urls = proxyUrls({
    http_proxy: 'http://a',
    HTTPS_PROXY: 'http://b',
    no_proxy: 'c',
    https_proxy: '',
  });
  assert.deepEqual(urls, ['http://a', 'http://b']);
});
