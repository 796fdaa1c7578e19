/** A control plane behind a proxy, and a list-watcher that hears it through the proxy. */
import { join } from 'node:path';
import { KubeClient } from '../../src/controller/kube-client.ts';
import { loadKubeConfig } from '../../src/controller/kube-config.ts';
import type { KubeConfig } from '../../src/controller/kube-config.ts';
import { createTransport } from '../../src/controller/kube-transport.ts';
import { systemClock } from '../../src/controller/clock.ts';
import { ListWatch, type WatchTuning } from '../../src/controller/list-watch.ts';
import { resourcesPath } from '../../src/controller/status-writer.ts';
import { Store } from '../../src/controller/store.ts';
import type { ControlPlane } from '../control-plane/index.ts';
import { writeKubeconfig } from '../control-plane/kubeconfig.ts';
import { certificate, type KeyPair } from '../control-plane/pki.ts';
import {
  type ApiProxy,
  type Exchange,
  startApiProxy,
  type Upstream,
} from '../support/api-proxy.ts';

export const quick = { baseMs: 60, capMs: 240 };

/** The API server as an administrator sees it, so that the proxy's clients need no rights of their own. */
export function asAdministrator({ url, dir }: ControlPlane): Upstream {
  const pki = join(dir, 'pki');
  const client = { certificate: join(pki, 'admin.crt'), key: join(pki, 'admin.key') };
  return { url, ca: join(pki, 'ca.crt'), client };
}

/** Another certificate authority than the control plane's, and a server's certificate that it signed. */
export async function otherAuthority(dir: string): Promise<{ ca: string; pair: KeyPair }> {
  const ca = await certificate(dir, 'other-ca', '/CN=other', [
    'basicConstraints=critical,CA:TRUE',
    'keyUsage=critical,keyCertSign,digitalSignature',
  ]);
  const extensions = ['extendedKeyUsage=serverAuth', 'subjectAltName=IP:127.0.0.1'];
  const pair = await certificate(dir, 'other', '/CN=other-server', extensions, ca);
  return { ca: ca.certificate, pair };
}

export interface Behind extends AsyncDisposable {
  readonly proxy: ApiProxy;
  readonly kubeconfig: string;
}

/** A proxy in front of the control plane, and a kubeconfig whose server it is. */
export async function startBehind(cluster: ControlPlane): Promise<Behind> {
  const pki = join(cluster.dir, 'pki');
  const pair = { certificate: join(pki, 'apiserver.crt'), key: join(pki, 'apiserver.key') };
  const proxy = await startApiProxy(asAdministrator(cluster), pair);
  const file = join(cluster.dir, `${crypto.randomUUID()}.kubeconfig`);
  const target = { url: proxy.url, ca: join(pki, 'ca.crt') };
  const kubeconfig = await writeKubeconfig(file, target, { token: 'of-nobody' });
  return {
    proxy,
    kubeconfig,
    [Symbol.asyncDispose]: async () => await proxy[Symbol.asyncDispose](),
  };
}

/** Whether a request writes the status of the resource of that name. */
export function isStatusOf(name: string): (exchange: Exchange) => boolean {
  return ({ kind, path }) => kind === 'write' && path.endsWith(`/${name}/status`);
}

export interface Hearing extends AsyncDisposable {
  readonly listWatch: ListWatch;
  /** Names of the resources that are there, as far as was heard, sorted. */
  names(): string[];
  /** What went wrong, such as `watch: 410 too old`. */
  readonly troubles: string[];
}

/** Hears the WorkspaceContents of a node, as the daemon does but more impatiently. */
export function hear(
  kubeconfig: string | (() => KubeConfig),
  nodeName: string,
  tuning: WatchTuning = {},
): Hearing {
  const load = typeof kubeconfig === 'string' ? () => loadKubeConfig(kubeconfig) : kubeconfig;
  const store = new Store();
  const troubles: string[] = [];
  const limits = { requestTimeoutMs: 1500, answerBytes: 1e7, eventBytes: 1e6 };
  const listWatch = new ListWatch({
    client: new KubeClient(createTransport(load), limits),
    clock: systemClock,
    path: resourcesPath,
    selector: { fieldSelector: `spec.nodeName=${nodeName}` },
    backoff: quick,
    ...tuning,
    handler: {
      onList: (objects) => void store.replace(objects),
      onUpsert: (object) => void store.upsert(object),
      onDelete: (object) => void store.delete(object),
      onError: (error, what) => void troubles.push(`${what}: ${String(error)}`),
    },
  });
  const end = new AbortController();
  const running = listWatch.run(end.signal);
  return {
    listWatch,
    troubles,
    names: () => [...store.keys()].map((key) => key.split('/')[1] ?? '').toSorted(),
    async [Symbol.asyncDispose]() {
      end.abort();
      await running;
    },
  };
}
