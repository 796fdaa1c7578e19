import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { parseAddress, startHealthServer } from '../../src/controller/health.ts';
import { Metrics } from '../../src/controller/metrics.ts';

test('health and readiness answer 200 when all is well, and else say why not', async () => {
  let ailment: string | undefined;
  let obstacle: string | undefined = 'runc is missing';
  const checks = { ailment: () => ailment, obstacle: () => obstacle };
  const server = await startHealthServer('127.0.0.1:0', checks, new Metrics().registry);
  const ask = async (path: string): Promise<string> => {
    const answer = await fetch(`${server.url}${path}`);
    return `${answer.status} ${(await answer.text()).trim()}`;
  };
  try {
    assert.equal(await ask('/readyz'), '503 runc is missing');
    obstacle = `two\nlines \u001B[31m and ${'more '.repeat(1000)}`;
    assert.match(await ask('/readyz'), /^503 two lines \[31m and more [^\n]{900,1000}…$/);
    assert.equal(await ask('/healthz'), '200 ok');
    obstacle = undefined;
    assert.equal(await ask('/readyz?verbose'), '200 ok');
    ailment = 'stuck';
    assert.equal(await ask('/healthz'), '503 stuck');
    assert.equal(await ask('/else'), '404 not found');
  } finally {
    await server.close();
  }
});

test('metrics carry what was counted, and gauges are read at each scrape', async () => {
  const metrics = new Metrics();
  let depth = 3;
  const zero = (): number => 0;
  metrics.read({
    ...{ activeRuns: zero, waitingRuns: zero, resources: zero, syncAge: () => 301.5 },
    queueDepth: () => depth,
  });
  metrics.attemptEnded('git', 'GitRefNotFound', false, 1200);
  const first = await metrics.registry.metrics();
  assert.match(first, /^wscontent_attempts_total\{reason="GitRefNotFound"\} 1$/m);
  assert.match(
    first,
    /^wscontent_attempt_duration_seconds_sum\{type="git",outcome="failure"\} 1.2$/m,
  );
  assert.match(first, /^wscontent_queue_depth 3$/m);
  assert.match(first, /^wscontent_last_sync_age_seconds 301.5$/m);
  depth = 4;
  assert.match(await metrics.registry.metrics(), /^wscontent_queue_depth 4$/m);
});

test('without a host it listens at all addresses, those of IPv6 included', async (context) => {
  const well = { ailment: () => undefined, obstacle: () => undefined };
  const server = await startHealthServer(':0', well, new Metrics().registry);
  const askAt = async (url: string): Promise<number> => (await fetch(`${url}/healthz`)).status;
  try {
    const { port } = new URL(server.url);
    assert.equal(await askAt(server.url), 200);
    assert.equal(await askAt(`http://127.0.0.1:${port}`), 200);
    if (await hasIPv6()) assert.equal(await askAt(`http://[::1]:${port}`), 200);
    else context.diagnostic('this machine has no IPv6: that half is not tested');
  } finally {
    await server.close();
  }
});

/** Whether a server can listen there at all. */
async function hasIPv6(): Promise<boolean> {
  const probe = createServer().listen(0, '::1');
  try {
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}

test('an address is host:port, with brackets around IPv6', () => {
  assert.deepEqual(parseAddress('127.0.0.1:9500'), { host: '127.0.0.1', port: 9500 });
  assert.deepEqual(parseAddress('[::1]:9500'), { host: '::1', port: 9500 });
  assert.deepEqual(parseAddress(':9500'), { port: 9500 });
  for (const address of ['9500', 'localhost', 'a:b', '::1:9500', 'host:99999', '']) {
    assert.throws(() => parseAddress(address), /is no address/);
  }
});
