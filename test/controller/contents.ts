import { join } from 'node:path';
import type {
  WorkspaceContentSpec,
  WorkspaceContentStatus,
} from '../../src/api/types.generated.ts';
import { type KubeClient, KubeError, type KubeObject } from '../control-plane/client.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/index.ts';
import { installCrds } from '../control-plane/manifests.ts';
import { waitFor } from '../support/wait.ts';

export interface Content extends KubeObject {
  readonly spec: WorkspaceContentSpec;
  readonly status?: WorkspaceContentStatus;
}

const crds = join(import.meta.dirname, '../../deploy/crds');

/** A control plane that knows WorkspaceContents. */
export async function startCluster(): Promise<ControlPlane> {
  const cluster = await startControlPlane();
  await installCrds(cluster.client, crds);
  return cluster;
}

/** The WorkspaceContents of one namespace, as people with kubectl see them. */
export class Contents {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #path: string;

  constructor(client: KubeClient, namespace = 'default') {
    this.#client = client;
    this.#namespace = namespace;
    this.#path = `/apis/workspacecontent.dev/v1alpha1/namespaces/${namespace}/workspacecontents`;
  }

  async create(name: string, spec: Partial<WorkspaceContentSpec>): Promise<Content> {
    return await this.#client.create<Content>(this.#path, {
      apiVersion: 'workspacecontent.dev/v1alpha1',
      kind: 'WorkspaceContent',
      metadata: { name },
      spec: 'initializerProto' in spec ? spec : { initializer: { empty: {} }, ...spec },
    });
  }

  pathOf(name: string): string {
    return `${this.#path}/${name}`;
  }

  async get(name: string): Promise<Content> {
    return await this.#client.get<Content>(`${this.#path}/${name}`);
  }

  async patch(name: string, spec: Partial<WorkspaceContentSpec>): Promise<void> {
    await this.#client.patch(`${this.#path}/${name}`, { spec });
  }

  /** What a hand with the right to do so writes into the status. */
  async replaceStatus(name: string, status: object): Promise<void> {
    const content = await this.get(name);
    await this.#client.replace(`${this.#path}/${name}/status`, { ...content, status });
  }

  async delete(name: string): Promise<void> {
    await this.#client.delete(`${this.#path}/${name}`);
  }

  /** Waits for the status to satisfy, and returns the whole resource. */
  async until(
    name: string,
    what: string,
    satisfied: (status: WorkspaceContentStatus) => boolean,
    // Machines that do a lot besides are no failure of what is tested.
    timeoutMs = 60_000,
  ): Promise<Content> {
    let last: Content | undefined;
    try {
      return await waitFor(
        `${name} to be ${what}`,
        async () => {
          last = await this.get(name);
          return satisfied(last.status ?? {}) ? last : undefined;
        },
        { timeoutMs },
      );
    } catch (error) {
      throw new Error(`${String(error)}: ${JSON.stringify(last?.status)}`, { cause: error });
    }
  }

  /** Waits for the reason of the condition Ready. */
  async untilReason(name: string, reason: string, timeoutMs?: number): Promise<Content> {
    return await this.until(name, reason, (status) => reasonOf(status) === reason, timeoutMs);
  }

  async untilGone(name: string): Promise<void> {
    await waitFor(
      `${name} to be gone`,
      async () =>
        await this.get(name).then(
          () => false,
          (error: unknown) => error instanceof KubeError && error.status === 404,
        ),
      { timeoutMs: 60_000 },
    );
  }

  /** The reasons of its events, sorted. */
  async events(name: string): Promise<string[]> {
    const events = await this.#client.list<{ involvedObject: { name: string }; reason: string }>(
      `/api/v1/namespaces/${this.#namespace}/events`,
    );
    return events
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ reason }) => reason)
      .toSorted();
  }
}

function reasonOf({ conditions = [] }: WorkspaceContentStatus): string | undefined {
  return conditions.find(({ type }) => type === 'Ready')?.reason;
}

/** Such as `Ready=False:Queued Reconciling=True:Queued`. */
export function conditionsOf({ status }: Content): string {
  return (status?.conditions ?? [])
    .map((condition) => `${condition.type}=${condition.status}:${condition.reason}`)
    .join(' ');
}

export async function createNamespace(client: KubeClient, name: string): Promise<void> {
  try {
    await client.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
  } catch (error) {
    if (!(error instanceof KubeError && error.status === 409)) throw error;
  }
}
