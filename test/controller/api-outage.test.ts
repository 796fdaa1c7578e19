import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { loadKubeConfig } from '../../src/controller/kube-config.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { type Cluster, writeKubeconfig } from '../control-plane/kubeconfig.ts';
import { createServiceAccountToken } from '../control-plane/service-account.ts';
import { requestsOf, startApiProxy } from '../support/api-proxy.ts';
import { waitFor } from '../support/wait.ts';
import {
  asAdministrator,
  type Behind,
  hear,
  otherAuthority,
  startBehind,
} from './api-behind-proxy.ts';
import { Contents, startCluster } from './contents.ts';

describe('an API server that changes or is away', () => {
  let cluster: ControlPlane;
  let contents: Contents;
  let behind: Behind;
  before(async () => {
    cluster = await startCluster();
    contents = new Contents(cluster.client);
    behind = await startBehind(cluster);
  });
  after(async () => {
    await behind[Symbol.asyncDispose]();
    await cluster.stop();
  });

  test('connections that fell silent at both ends are given up for new ones', async () => {
    const { proxy, kubeconfig } = behind;
    await contents.create('frozen-0', { nodeName: 'frozen' });
    proxy.exchanges.length = 0;
    await using hearing = hear(kubeconfig, 'frozen', { idleMs: 500 });
    await waitFor('the first', () => hearing.names().length === 1);
    proxy.relay.freeze();
    await contents.create('frozen-1', { nodeName: 'frozen' });
    proxy.relay.thaw();
    await waitFor('the second', () => hearing.names().length === 2);
    assert.equal(requestsOf(proxy, 'list').length, 1);
  });

  test('after a long absence all is listed: what came, what went', async () => {
    const { proxy, kubeconfig } = behind;
    await contents.create('away-0', { nodeName: 'away' });
    await using hearing = hear(kubeconfig, 'away', { doubtMs: 300 });
    await waitFor('the first', () => hearing.names().length === 1);
    proxy.exchanges.length = 0;
    await proxy.relay.goAway();
    await contents.delete('away-0');
    await contents.create('away-1', { nodeName: 'away' });
    // About two seconds in which it fails every quarter of one, or less often on a slow machine.
    await waitFor('failures', () => hearing.troubles.length >= 8);
    assert.match(String(hearing.listWatch.trouble), /ECONNREFUSED/);
    await proxy.relay.comeBack();
    await waitFor('the second', () => hearing.names().join() === 'away-1');
    assert.deepEqual([requestsOf(proxy, 'list').length, hearing.listWatch.trouble], [1, undefined]);
  });

  /** A cluster in an older state, in which the node has `<node>-restored` instead of `<node>-lost`. */
  async function startOlder(nodeName: string): Promise<ControlPlane> {
    const older = await startCluster();
    await new Contents(older.client).create(`${nodeName}-restored`, { nodeName });
    // The other one has gone further since.
    for (const name of ['0', '1', '2'].map((index) => `${nodeName}-${index}`)) {
      await contents.create(name, { nodeName });
      await contents.delete(name);
    }
    await contents.create(`${nodeName}-lost`, { nodeName });
    return older;
  }

  test('an API server that comes back with an older state is believed', async () => {
    const { proxy, kubeconfig } = behind;
    await using older = await startOlder('past');
    await using hearing = hear(kubeconfig, 'past', { doubtMs: 1 });
    await waitFor('the present', () => hearing.names().join() === 'past-lost');
    proxy.redirect(asAdministrator(older));
    try {
      await waitFor('the past', () => hearing.names().join() === 'past-restored');
      await new Contents(older.client).create('past-after', { nodeName: 'past' });
      await waitFor('what follows', () => hearing.names().join() === 'past-after,past-restored');
    } finally {
      proxy.redirect(asAdministrator(cluster));
    }
  });

  test('an older state behind a connection that fell silent is noticed', async () => {
    const { proxy, kubeconfig } = behind;
    await using older = await startOlder('silent');
    await using hearing = hear(kubeconfig, 'silent', { idleMs: 500, doubtMs: 1 });
    await waitFor('the present', () => hearing.names().join() === 'silent-lost');
    proxy.relay.freeze();
    proxy.redirect(asAdministrator(older), 'kept');
    proxy.relay.thaw();
    try {
      await waitFor('the past', () => hearing.names().join() === 'silent-restored');
      assert.match(hearing.troubles.join(), /the watch was silent/);
    } finally {
      proxy.redirect(asAdministrator(cluster));
    }
  });

  test('the kernel probes the connection of a watch when it is silent', async () => {
    const { proxy, kubeconfig } = behind;
    proxy.exchanges.length = 0;
    await using _ = hear(kubeconfig, 'probed');
    await waitFor('the watch', () => requestsOf(proxy, 'watch')[0]?.status === 200);
    await waitFor('a keepalive timer', async () => {
      const timers = await timersOfConnectionsTo(proxy.relay.port);
      return timers.length > 0 && timers.every((timer) => timer === keepaliveTimer);
    });
  });

  test('a certificate authority that was replaced counts as soon as its file is there', async () => {
    const { proxy } = behind;
    const dir = join(cluster.dir, 'rotation');
    await mkdir(dir);
    const other = await otherAuthority(dir);
    // As a projected volume: the file is a link into a folder that is a link itself.
    await projected(dir, 'first', join(cluster.dir, 'pki/ca.crt'));
    const target = { url: proxy.url, ca: join(dir, 'ca.crt') };
    const kubeconfig = await writeKubeconfig(join(dir, 'kubeconfig'), target, { token: 'x' });
    await contents.create('rotated-0', { nodeName: 'rotated' });
    await using hearing = hear(kubeconfig, 'rotated');
    await waitFor('the first', () => hearing.names().length === 1);

    proxy.useCertificate(other.pair);
    await contents.create('rotated-1', { nodeName: 'rotated' });
    await waitFor('distrust', () => hearing.troubles.some((each) => /certificate/.test(each)));
    assert.equal(hearing.names().length, 1);
    await projected(dir, 'second', other.ca);
    await waitFor('trust', () => hearing.names().length === 2);
    const pki = join(cluster.dir, 'pki');
    proxy.useCertificate({
      certificate: join(pki, 'apiserver.crt'),
      key: join(pki, 'apiserver.key'),
    });
  });

  for (const form of ['a service account', 'a kubeconfig'] as const) {
    test(`a token file of ${form} whose token expired is read again at once`, async () => {
      const pki = join(cluster.dir, 'pki');
      const { client: _, ...upstream } = asAdministrator(cluster);
      const pair = { certificate: join(pki, 'apiserver.crt'), key: join(pki, 'apiserver.key') };
      await using proxy = await startApiProxy(upstream, pair);
      const name = form.replaceAll(' ', '-');
      const tokenFile = join(cluster.dir, `${name}.token`);
      await writeFile(tokenFile, 'expired');
      const target = { url: proxy.url, ca: join(pki, 'ca.crt') };
      const load = await loader(form, cluster.dir, target, tokenFile);
      await using hearing = hear(load, 'token');
      await waitFor('the refusal', () => hearing.troubles.some((each) => each.includes('401')));
      const token = await createServiceAccountToken(cluster.client, 'default', name);
      await allowAll(cluster, name);
      await writeFile(tokenFile, token);
      await waitFor('the list', () => hearing.listWatch.lastSync !== undefined);
      const tokens = new Set(proxy.exchanges.map(({ authorization }) => authorization));
      assert.deepEqual([...tokens], ['Bearer expired', `Bearer ${token}`]);
    });
  }
});

/** As the kernel writes it; it has none while nothing is to be probed or sent again. */
const keepaliveTimer = '02';

/**
 * The kernel's own word, since Node would take the option and not hand it on to a TLS socket.
 * Columns of /proc/net/tcp: sl, local and remote address, state, queues, timer:when.
 */
async function timersOfConnectionsTo(port: number): Promise<(string | undefined)[]> {
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = (await readFile('/proc/net/tcp', 'utf8'))
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  const established = rows.filter(([, , to, state]) => to === remote && state === '01');
  return established.map(([, , , , , timer]) => timer?.split(':')[0]);
}

async function loader(
  form: 'a service account' | 'a kubeconfig',
  dir: string,
  target: Cluster,
  tokenFile: string,
): Promise<() => KubeConfig> {
  if (form === 'a kubeconfig') {
    const file = join(dir, 'token-file.kubeconfig');
    const kubeconfig = await writeKubeconfig(file, target, { tokenFile: basename(tokenFile) });
    return () => loadKubeConfig(kubeconfig);
  }
  // As in a pod, where the client keeps a token for a minute.
  return () => {
    const config = new KubeConfig();
    const user = { name: 'x', authProvider: { name: 'tokenFile', config: { tokenFile } } };
    const server = { name: 'x', server: target.url, caFile: target.ca };
    const context = { name: 'x', cluster: 'x', user: 'x' };
    const all = { clusters: [server], users: [user], contexts: [context] };
    config.loadFromOptions({ ...all, currentContext: 'x' });
    return config;
  };
}

async function projected(dir: string, version: string, source: string): Promise<void> {
  await mkdir(join(dir, version));
  await copyFile(source, join(dir, version, 'ca.crt'));
  await symlink(version, join(dir, 'next'));
  await rename(join(dir, 'next'), join(dir, '..data'));
  await symlink('..data/ca.crt', join(dir, 'ca.crt')).catch(() => undefined);
}

async function allowAll({ client }: ControlPlane, name: string): Promise<void> {
  await client.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `test-${name}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'default', name }],
  });
}
