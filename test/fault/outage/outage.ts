/** An API server that is away for a long time, before a daemon with the settings that it has by default. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createNodeFolder, startCluster, startDaemon } from '../../../scripts/demo/cluster.ts';
import { startBehind } from '../../controller/api-behind-proxy.ts';
import { Contents } from '../../controller/contents.ts';
import { freePorts } from '../../control-plane/ports.ts';
import { startFileServer } from '../../support/file-server.ts';
import { requestsOf } from '../../support/api-proxy.ts';
import { waitFor } from '../../support/wait.ts';

export interface Finding {
  readonly what: string;
  readonly found: string;
  readonly held: boolean;
}

const nodeName = 'away';
const patience = { timeoutMs: 120_000, intervalMs: 200 };
const work = 'uncommitted';

/** Milliseconds; no pause of the daemon between two tries is shorter once its backoff is at its cap. */
const shortestPauseMs = 15_000;
/** What is tried: the list, and the status of the attempt that ends. */
const streams = 2;
/** Tries before that, and those of the return. */
const moreTries = 10;

/** Milliseconds from which on an absence is told by /readyz, and followed by a list. */
const longMs = 90_000;

/** Milliseconds until an attempt ends for want of time; a download gives up by itself after some minutes. */
const endsAfterMs = 60_000;

/** Nothing that the daemon should do is left undone in the end; else it throws. */
export async function outlast(
  awayMs: number,
  tell: (text: string) => void,
): Promise<readonly Finding[]> {
  await using started = new AsyncDisposableStack();
  const cluster = started.use(await startCluster());
  const behind = started.use(await startBehind(cluster));
  const files = started.use(await startFileServer());
  const folder = await createNodeFolder('wsc-outage-');
  started.defer(async () => await folder.remove());
  const [port] = await freePorts(1);
  const { kubeconfig, proxy } = behind;
  const address = `127.0.0.1:${port}`;
  const program = startDaemon({
    ...{ folder: folder.path, kubeconfig, nodeName, metricsAddress: address },
  });
  started.defer(async () => void (await program.stop()));
  const ask = async (path: string): Promise<number> =>
    await fetch(`http://${address}${path}`).then(
      ({ status }) => status,
      () => 0,
    );
  await waitFor('the daemon', async () => (await ask('/readyz')) === 200, patience);

  const contents = new Contents(cluster.client);
  const data = (name: string): string => join(folder.path, 'data/default', name);
  for (const name of ['kept', 'deleted']) {
    await contents.create(name, { nodeName });
    await contents.untilReason(name, 'InitializationSuccess');
    await writeFile(join(data(name), 'work'), work);
  }
  const url = files.serve('/slow', 'x', { hang: true });
  const digest = `sha256:${'0'.repeat(64)}`;
  await contents.create('ends', {
    ...{
      nodeName,
      backoffLimit: 0,
      timeout: `${Math.ceil(Math.min(awayMs / 2, endsAfterMs) / 1000)}s`,
    },
    initializer: { download: { files: [{ url, filePath: 'f', digest }] } },
  });
  await contents.untilReason('ends', 'Initializing');

  tell(`the API server is away for ${awayMs / 1000} s`);
  await proxy.relay.goAway();
  const leftAt = performance.now();
  await contents.create('new', { nodeName });
  await contents.delete('deleted');
  const seen = { ready: 0, alive: 0 };
  while (performance.now() - leftAt < awayMs) {
    await delay(Math.min(5000, awayMs / 4));
    seen.ready = await ask('/readyz');
    seen.alive = await ask('/healthz');
  }
  proxy.exchanges.length = 0;
  await proxy.relay.comeBack();
  const [backAt, backDate] = [performance.now(), Date.now()];
  tell('it is back');
  await contents.untilReason('new', 'InitializationSuccess', patience.timeoutMs);
  const newAfter = performance.now() - backAt;
  const ended = await contents.untilReason('ends', 'DeadlineExceeded', patience.timeoutMs);
  await waitFor('the daemon to be ready', async () => (await ask('/readyz')) === 200, patience);
  const lists = requestsOf(proxy, 'list').length;
  const log = await readFile(join(folder.path, 'controller.log'), 'utf8');
  const tries = log.split('\n').filter((line) => line.includes('ECONNREFUSED')).length;
  const most = streams * (awayMs / shortestPauseMs) + moreTries;
  const works = await Promise.all(
    ['kept', 'deleted'].map(async (name) => await readFile(join(data(name), 'work'), 'utf8')),
  );
  const kept = await contents.get('kept');
  const endedAt = Date.parse(String(ended.status?.completionTime));
  const isLong = awayMs >= longMs;
  return [
    finding('the daemon was not restarted', program.running ? 'yes' : 'no', program.running),
    finding('/healthz meanwhile', String(seen.alive), seen.alive === 200),
    finding('/readyz meanwhile', String(seen.ready), isLong ? seen.ready === 503 : true),
    finding('failed tries, logged', `${tries}, at most ${most}`, tries > 0 && tries <= most),
    finding('lists when it came back', String(lists), isLong ? lists === 1 : lists <= 1),
    finding('what came meanwhile is Ready', `after ${(newAfter / 1000).toFixed(1)} s`, true),
    finding('what ended meanwhile is told', 'DeadlineExceeded', endedAt <= backDate),
    finding(
      'nothing of it is left',
      existsSync(data('ends')) ? 'no' : 'yes',
      !existsSync(data('ends')),
    ),
    finding(
      'people’s work, also of what was deleted',
      works.every((each) => each === work) ? 'is there' : 'is lost',
      works.every((each) => each === work),
    ),
    finding(
      'attempts of what was Ready',
      String(kept.status?.attempts),
      kept.status?.attempts === 1 && kept.status.phase === 'Ready',
    ),
  ];
}

function finding(what: string, found: string, held: boolean): Finding {
  return { what, found, held };
}
