/** Waves of resources through one daemon: created, settled, deleted. */
import { setTimeout as delay } from 'node:timers/promises';
import { type NodeDaemon, startCluster, startNode } from '../../../scripts/demo/cluster.ts';
import { type Content, Contents } from '../../controller/contents.ts';
import { createTempDir } from '../../support/temp.ts';
import { waitFor } from '../../support/wait.ts';
import { createKinds, type Kind } from '../kinds.ts';
import { startServers } from '../servers.ts';
import { type Audit, type AuditedRequest, isListening, prepareAudit } from './audit.ts';
import { type Sample, takeSample } from './sample.ts';

export interface SoakOptions {
  readonly waves: number;
  readonly perWave: number;
  /** Milliseconds that the settled daemon is listened to. */
  readonly idleMs: number;
  readonly tell: (text: string) => void;
}

export interface Wave extends Sample {
  /** Of the daemon, list and watch aside, for each resource. */
  readonly requestsEach: number;
}

export interface SoakResult {
  /** Taken when all resources of the wave were gone. */
  readonly waves: readonly Wave[];
  readonly requests: readonly AuditedRequest[];
  /** Those of the settled daemon. */
  readonly idleRequests: readonly AuditedRequest[];
  /** Resources that did not come to what they should have. */
  readonly surprises: readonly string[];
}

const nodeName = 'soak';
const path = '/apis/workspacecontent.dev/v1alpha1/namespaces/default/workspacecontents';
const patience = { timeoutMs: 300_000, intervalMs: 100 };
/** Without a request for so long the daemon has settled. */
const quietMs = 1000;

export async function soak({ waves, perWave, idleMs, tell }: SoakOptions): Promise<SoakResult> {
  await using started = new AsyncDisposableStack();
  const audit = await prepareAudit(started.use(await createTempDir('wsc-soak-')));
  const cluster = started.use(await startCluster({ apiserverFlags: audit.flags }));
  const servers = started.use(await startServers());
  const node = await startNode(cluster, nodeName, ['--storage-config', servers.storageConfig]);
  started.defer(async () => void (await node.stop()));

  const contents = new Contents(cluster.client);
  const { good, failing } = createKinds(servers, cluster.client);
  // Most are of the quickest kind: what is looked for is what one resource leaves, whatever its content.
  const mix = [...good, ...good.slice(0, 1), ...failing.slice(0, 1)];
  const list = async (): Promise<Content[]> => await cluster.client.list<Content>(path);
  const [taken, surprises, uids]: [Wave[], string[], string[]] = [[], [], []];
  let requests: AuditedRequest[] = [];
  for (let wave = 0; wave < waves; wave += 1) {
    const kinds = new Map<string, Kind>();
    const before = requests.filter((request) => !isListening(request)).length;
    for (let index = 0; index < perWave; index += 1) {
      const kind = mix[index % mix.length] ?? mix[0];
      if (kind === undefined) continue;
      const name = `${kind.title.replaceAll(' ', '-')}-${wave}-${index}`;
      kinds.set(name, kind);
      const { metadata } = await contents.create(name, { nodeName, ...(await kind.order(name)) });
      uids.push(String(metadata.uid));
    }
    const settled = await waitFor(
      'the wave to be settled',
      async () => {
        const found = await list();
        return found.every(({ status }) => /^(Ready|Failed)$/.test(status?.phase ?? '')) && found;
      },
      patience,
    );
    for (const { metadata, status } of settled) {
      const reason = status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
      const { outcome } = kinds.get(metadata.name) ?? {};
      if (reason !== outcome) surprises.push(`${metadata.name}: ${reason} instead of ${outcome}`);
    }
    for (const name of kinds.keys()) await contents.delete(name);
    await waitFor('the daemon to have forgotten them', async () => await isIdle(node), patience);
    requests = await untilQuiet(audit);
    const all = requests.filter((request) => !isListening(request)).length;
    taken.push({
      ...(await takeSample(node, uids.slice(-perWave))),
      requestsEach: (all - before) / perWave,
    });
    tell(`wave ${wave + 1} of ${waves}`);
  }
  await delay(idleMs);
  const idleRequests = (await audit.requests()).slice(requests.length);
  return { waves: taken, requests, idleRequests, surprises };
}

/** Nothing is queued or runs, and no resource is known. */
async function isIdle({ metricsUrl }: NodeDaemon): Promise<boolean> {
  const text = await (await fetch(`${metricsUrl}/metrics`)).text();
  return ['resources', 'active_attempts', 'waiting_attempts', 'queue_depth'].every((name) =>
    new RegExp(`^wscontent_${name} 0$`, 'm').test(text),
  );
}

async function untilQuiet(audit: Audit): Promise<AuditedRequest[]> {
  let [known, since] = [-1, performance.now()];
  return await waitFor(
    'the daemon to be quiet',
    async () => {
      const requests = await audit.requests();
      if (requests.length !== known) [known, since] = [requests.length, performance.now()];
      return performance.now() - since > quietMs && requests;
    },
    { timeoutMs: 60_000, intervalMs: 50 },
  );
}
