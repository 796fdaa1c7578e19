/** A client of a server that answers what no API server would give on request. */
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { KubeClient, type WatchControls } from '../../src/controller/kube-client.ts';
import { loadKubeConfig } from '../../src/controller/kube-config.ts';
import { createTransport } from '../../src/controller/kube-transport.ts';
import { Metrics } from '../../src/controller/metrics.ts';
import { listen } from '../support/http-listener.ts';
import { createTempDir } from '../support/temp.ts';

export const never = new AbortController().signal;

/** Of a watch that nobody gives up. */
export const patient: WatchControls = { deadline: never, onOpen: () => undefined };

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export interface ScriptedApi extends AsyncDisposable {
  readonly client: KubeClient;
  /** How many requests are counted as failed: those with that label, such as `code="0"`. */
  failures(label: string): Promise<number>;
}

/** Requests may take `requestTimeoutMs`; answers and events are bounded tightly. */
export async function startScriptedApi(
  answer: Answer,
  requestTimeoutMs = 500,
): Promise<ScriptedApi> {
  const temp = await createTempDir();
  const server = await listen(async (request, response) => {
    answer(response, request);
    await Promise.resolve();
  });
  const kubeconfig = temp.join('kubeconfig');
  const named = <T>(value: T): T & { name: string } => ({ ...value, name: 'x' });
  const config = {
    clusters: [named({ cluster: { server: server.url, 'insecure-skip-tls-verify': true } })],
    users: [named({ user: { token: 'first' } })],
    contexts: [named({ context: { cluster: 'x', user: 'x' } })],
    'current-context': 'x',
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const metrics = new Metrics();
  const transport = createTransport(() => loadKubeConfig(kubeconfig));
  const limits = { requestTimeoutMs, answerBytes: 2000, eventBytes: 100 };
  return {
    client: new KubeClient(metrics.counted(transport), limits),
    async failures(label) {
      const lines = (await metrics.registry.metrics()).split('\n');
      const counts = lines.filter(
        (line) => line.startsWith('wscontent_api_errors_total{') && line.includes(label),
      );
      return counts.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await temp.remove();
    },
  };
}
