/** Waves of resources through one daemon: created, settled, deleted. */
import { setTimeout as delay } from 'node:timers/promises';
import { type NodeDaemon, startCluster, startNode } from '../../../scripts/demo/cluster.ts';
import { type Content, Contents } from '../../controller/contents.ts';
import type { KubeClient } from '../../control-plane/client.ts';
import { createTempDir } from '../../support/temp.ts';
import { waitFor } from '../../support/wait.ts';
import { createKinds, type Kind } from '../kinds.ts';
import { startServers } from '../servers.ts';
import { type Audit, type AuditedRequest, isListening, prepareAudit } from './audit.ts';
import { type Sample, takeSample } from './sample.ts';

export interface SoakOptions {
  readonly waves: number;
  readonly perWave: number;
  /** Milliseconds before the daemon's memory is looked at: an idle one has collected its garbage by then. */
  readonly settleMs: number;
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

/** The waves at the beginning and at the end that are compared. */
export function tenthOf(waves: number): number {
  return Math.max(1, Math.floor(waves / 10));
}

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { waves, perWave, settleMs, idleMs, tell } = options;
  await using started = new AsyncDisposableStack();
  const audit = await prepareAudit(started.use(await createTempDir('wsc-soak-')));
  const cluster = started.use(await startCluster({ apiserverFlags: audit.flags }));
  const servers = started.use(await startServers());
  const node = await startNode(cluster, nodeName, ['--storage-config', servers.storageConfig]);
  started.defer(async () => void (await node.stop()));

  const { good, failing } = createKinds(servers, cluster.client);
  const mix = [...good, ...good.slice(0, 1), ...failing.slice(0, 1)];
  const [taken, surprises]: [Wave[], string[]] = [[], []];
  let requests: AuditedRequest[] = [];
  for (let wave = 0; wave < waves; wave += 1) {
    const resources = Array.from({ length: perWave }, (_, index) => {
      const kind = mix[index % mix.length];
      if (kind === undefined) throw new Error('there are no kinds');
      return { name: `${kind.title.replaceAll(' ', '-')}-${wave}-${index}`, kind };
    });
    const settled = await sendWave(cluster.client, resources);
    surprises.push(...findSurprises(settled, resources));
    await waitFor('the daemon to have forgotten them', async () => await isIdle(node), patience);
    const before = countWork(requests);
    requests = await untilQuiet(audit);
    const isCompared = Math.min(wave, waves - 1 - wave) < tenthOf(waves);
    if (isCompared) await delay(settleMs);
    const uids = settled.map(({ metadata }) => String(metadata.uid));
    const requestsEach = (countWork(requests) - before) / perWave;
    taken.push({ ...(await takeSample(node, uids)), requestsEach });
    tell(`wave ${wave + 1} of ${waves}`);
  }
  await delay(idleMs);
  const idleRequests = (await audit.requests()).slice(requests.length);
  return { waves: taken, requests, idleRequests, surprises };
}

interface Ordered {
  readonly name: string;
  readonly kind: Kind;
}

/** Creates them, waits until each is Ready or Failed, and deletes them; answers what became of them. */
async function sendWave(client: KubeClient, resources: readonly Ordered[]): Promise<Content[]> {
  const contents = new Contents(client);
  for (const { name, kind } of resources) {
    await contents.create(name, { nodeName, ...(await kind.order(name)) });
  }
  const settled = await waitFor(
    'the wave to be settled',
    async () => {
      const found = await client.list<Content>(path);
      return found.every(({ status }) => /^(Ready|Failed)$/.test(status?.phase ?? '')) && found;
    },
    patience,
  );
  for (const { name } of resources) await contents.delete(name);
  return settled;
}

function findSurprises(settled: readonly Content[], resources: readonly Ordered[]): string[] {
  const reasons = new Map(
    settled.map(({ metadata, status }) => [
      metadata.name,
      status?.conditions?.find(({ type }) => type === 'Ready')?.reason,
    ]),
  );
  return resources.flatMap(({ name, kind }) => {
    const reason = reasons.get(name);
    return reason === kind.outcome ? [] : [`${name}: ${reason} instead of ${kind.outcome}`];
  });
}

function countWork(requests: readonly AuditedRequest[]): number {
  return requests.filter((request) => !isListening(request)).length;
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
