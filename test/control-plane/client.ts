import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import type { Cluster } from './kubeconfig.ts';

/** What every object of the API has. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

/** An answer of the API server other than 2xx. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly status: number;
  /** The machine-readable word of the Status object: NotFound, Invalid, Forbidden... */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

export type Credentials = { certificate: string; key: string } | { token: string };

export type PatchType = 'merge' | 'json' | 'apply';

export interface ApplyOptions {
  fieldManager?: string;
  force?: boolean;
  dryRun?: boolean;
}

const patchTypes: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
};

/**
 * The few verbs that tests need, on paths as the API server has them:
 * `/apis/workspacecontent.dev/v1alpha1/namespaces/default/workspacecontents/one`.
 * Every method throws KubeError when the answer is not 2xx.
 */
export class KubeClient {
  readonly #url: string;
  readonly #agent: Agent;
  readonly #headers: Record<string, string>;

  private constructor(url: string, agent: Agent, headers: Record<string, string>) {
    this.#url = url;
    this.#agent = agent;
    this.#headers = headers;
  }

  static async connect(cluster: Cluster, credentials: Credentials): Promise<KubeClient> {
    const ca = await readFile(cluster.ca);
    if ('token' in credentials) {
      const authorization = `Bearer ${credentials.token}`;
      return new KubeClient(cluster.url, new Agent({ connect: { ca } }), { authorization });
    }
    const [cert, key] = await Promise.all([
      readFile(credentials.certificate),
      readFile(credentials.key),
    ]);
    return new KubeClient(cluster.url, new Agent({ connect: { ca, cert, key } }), {});
  }

  async get<T = KubeObject>(path: string): Promise<T> {
    return (await this.#json('GET', path)) as T;
  }

  async list<T = KubeObject>(path: string): Promise<T[]> {
    const { items } = (await this.#json('GET', path)) as { items: T[] };
    return items;
  }

  /** The text of an answer that is not JSON: /readyz, /metrics. */
  async text(path: string): Promise<string> {
    return await this.#send('GET', path);
  }

  async create<T = KubeObject>(path: string, body: object): Promise<T> {
    return (await this.#json('POST', path, body)) as T;
  }

  async replace<T = KubeObject>(path: string, body: object): Promise<T> {
    return (await this.#json('PUT', path, body)) as T;
  }

  async patch<T = KubeObject>(path: string, body: object, type: PatchType = 'merge'): Promise<T> {
    return (await this.#json('PATCH', path, body, patchTypes[type])) as T;
  }

  /** Server-side apply; with `/status` at the end of the path, of the status. */
  async apply<T = KubeObject>(path: string, body: object, options: ApplyOptions = {}): Promise<T> {
    const { fieldManager = 'test', force = true, dryRun = false } = options;
    const query = new URLSearchParams({ fieldManager, force: String(force) });
    if (dryRun) query.set('dryRun', 'All');
    return await this.patch<T>(`${path}?${query.toString()}`, body, 'apply');
  }

  async delete(path: string): Promise<void> {
    await this.#send('DELETE', path);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #json(method: Method, path: string, body?: object, type?: string): Promise<unknown> {
    return JSON.parse(await this.#send(method, path, body, type)) as unknown;
  }

  async #send(
    method: Method,
    path: string,
    body?: object,
    type = 'application/json',
  ): Promise<string> {
    const response = await request(new URL(path, this.#url), {
      method,
      dispatcher: this.#agent,
      headers: { ...this.#headers, ...(body === undefined ? {} : { 'content-type': type }) },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.body.text();
    if (response.statusCode < 200 || response.statusCode > 299) {
      throw toError(`${method} ${path}`, response.statusCode, text);
    }
    return text;
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

function toError(what: string, statusCode: number, text: string): KubeError {
  let status: { reason?: string; message?: string } = {};
  try {
    status = JSON.parse(text) as typeof status;
  } catch {
    // Some answers, those of /readyz for one, are plain text.
  }
  const message = status.message ?? text.slice(0, 1000);
  return new KubeError(
    statusCode,
    status.reason ?? '',
    `${what} was answered ${statusCode}: ${message}`,
  );
}
