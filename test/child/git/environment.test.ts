import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { credentialSettings } from '../../../src/child/git/credentials.ts';
import { gitEnvironment } from '../../../src/child/git/environment.ts';

describe("git's environment", () => {
  test('has nothing of this process but where programs, proxies and certificates are', () => {
    const environment = gitEnvironment({
      PATH: '/bin',
      HOME: '/root',
      HTTP_PROXY: 'http://proxy:1',
      https_proxy: 'http://proxy:2',
      NO_PROXY: 'localhost',
      SSL_CERT_FILE: '/etc/ca.pem',
      GIT_SSL_CAPATH: '/etc/certs',
      GIT_TRACE_CURL: '1',
      GIT_DIR: '/elsewhere',
      GIT_SSH_COMMAND: 'touch ran',
      LD_PRELOAD: '/evil.so',
    });
    assert.equal(environment['PATH'], '/bin');
    assert.equal(environment['http_proxy'], 'http://proxy:1');
    assert.equal(environment['https_proxy'], 'http://proxy:2');
    assert.equal(environment['no_proxy'], 'localhost');
    assert.equal(environment['GIT_SSL_CAINFO'], '/etc/ca.pem');
    assert.equal(environment['GIT_SSL_CAPATH'], '/etc/certs');
    assert.notEqual(environment['HOME'], '/root');
    assert.equal(environment['GIT_SSH_COMMAND'], 'false');
    for (const name of ['GIT_TRACE_CURL', 'GIT_DIR', 'LD_PRELOAD', 'HTTP_PROXY']) {
      assert.ok(!(name in environment), name);
    }
  });

  test('a certificate file of its own goes before the one for all', () => {
    const environment = gitEnvironment({ GIT_SSL_CAINFO: '/git.pem', SSL_CERT_FILE: '/all.pem' });
    assert.equal(environment['GIT_SSL_CAINFO'], '/git.pem');
  });

  test('has credentials for a command that talks to the remote only, and for its host only', () => {
    const login = { user: 'alice', password: 'secret' };
    const credentials = credentialSettings('https://h:8443/r.git', login);
    const local = JSON.stringify(gitEnvironment({}));
    const network = gitEnvironment({}, { network: { credentials, silenceMs: 1500 } });
    assert.ok(!local.includes('secret'));
    assert.equal(network['WSC_GIT_PASSWORD'], 'secret');
    assert.equal(network['WSC_GIT_ORIGIN'], 'https://h:8443');
    const keys = Object.entries(network).filter(([name]) => name.startsWith('GIT_CONFIG_KEY_'));
    assert.ok(keys.some(([, key]) => key === 'credential.https://h:8443.helper'));
    const at = keys
      .find(([, key]) => key === 'http.lowSpeedTime')?.[0]
      .split('_')
      .at(-1);
    assert.equal(network[`GIT_CONFIG_VALUE_${at}`], '2');
  });

  test("its own settings come after the user's, so that they win", () => {
    const config = [{ key: 'core.hooksPath', value: '/hooks' }];
    const environment = gitEnvironment({}, { config });
    assert.equal(environment['GIT_CONFIG_KEY_0'], 'core.hooksPath');
    assert.equal(environment['GIT_CONFIG_KEY_1'], 'core.hooksPath');
    assert.equal(environment['GIT_CONFIG_VALUE_1'], '/dev/null');
  });
});
