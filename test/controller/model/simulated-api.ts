import { isDeepStrictEqual } from 'node:util';
import type {
  WorkspaceContentSpec,
  WorkspaceContentStatus,
} from '../../../src/api/types.generated.ts';
import { ApiError } from '../../../src/controller/api-error.ts';

export interface SimulatedResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly generation: number;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: WorkspaceContentSpec;
  readonly status?: WorkspaceContentStatus;
}

export interface WatchedChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: SimulatedResource;
  readonly version: number;
}

/** What an API server holds, with all that it ever held. */
export class SimulatedApi {
  readonly #resources = new Map<string, SimulatedResource>();
  readonly changes: WatchedChange[] = [];
  /** Writes of a status that said what it said before. */
  idleWrites = 0;
  /** What came before that version is forgotten. */
  compacted = 0;
  #version = 100;
  #uids = 0;
  #listeners = new Set<() => void>();
  /** Hears of each status before it is there. */
  onStatus: (resource: SimulatedResource, status: WorkspaceContentStatus) => void = () => undefined;

  get version(): number {
    return this.#version;
  }

  all(): SimulatedResource[] {
    return [...this.#resources.values()];
  }

  get(key: string): SimulatedResource | undefined {
    return this.#resources.get(key);
  }

  /** What the list was at that version. */
  at(version: number): SimulatedResource[] {
    const then = new Map<string, SimulatedResource>();
    for (const { type, object, version: changed } of this.changes) {
      if (changed > version) break;
      const key = `${object.metadata.namespace}/${object.metadata.name}`;
      if (type === 'DELETED') then.delete(key);
      else then.set(key, object);
    }
    return [...then.values()];
  }

  /** Resolves with the next change; never, if there is none. The answer to its disposal is nobody's. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  create(key: string, spec: WorkspaceContentSpec, now: number): SimulatedResource {
    const [namespace = '', name = ''] = key.split('/');
    this.#uids += 1;
    const resource: SimulatedResource = {
      apiVersion: 'workspacecontent.dev/v1alpha1',
      kind: 'WorkspaceContent',
      metadata: {
        ...{ namespace, name, uid: `${name}-${this.#uids}`, generation: 1, resourceVersion: '' },
        creationTimestamp: new Date(now).toISOString(),
      },
      spec,
    };
    return this.#put('ADDED', resource);
  }

  changeSpec(key: string, changes: Partial<WorkspaceContentSpec>): void {
    const held = this.#resources.get(key);
    if (held === undefined) return;
    const spec = { ...held.spec, ...changes };
    if (isDeepStrictEqual(spec, held.spec)) return;
    const metadata = { ...held.metadata, generation: held.metadata.generation + 1 };
    this.#put('MODIFIED', { ...held, metadata, spec });
  }

  /** Somebody else's finalizer keeps it for a while. */
  markDeleted(key: string, now: number): void {
    const held = this.#resources.get(key);
    if (held === undefined || held.metadata.deletionTimestamp !== undefined) return;
    const deletionTimestamp = new Date(now).toISOString();
    const generation = held.metadata.generation + 1;
    this.#put('MODIFIED', {
      ...held,
      metadata: { ...held.metadata, generation, deletionTimestamp },
    });
  }

  delete(key: string): void {
    const held = this.#resources.get(key);
    if (held !== undefined) this.#put('DELETED', held);
  }

  /** As server-side apply does by the only owner of all fields. Throws ApiError. */
  applyStatus(key: string, uid: string, status: WorkspaceContentStatus): SimulatedResource {
    const held = this.#resources.get(key);
    if (held === undefined) throw new ApiError(404, 'NotFound', 'not found');
    if (held.metadata.uid !== uid) throw new ApiError(409, 'Conflict', 'another uid');
    this.onStatus(held, status);
    if (isDeepStrictEqual(held.status, status)) {
      this.idleWrites += 1;
      return held;
    }
    return this.#put('MODIFIED', { ...held, status });
  }

  #put(type: WatchedChange['type'], changed: SimulatedResource): SimulatedResource {
    this.#version += 1;
    const metadata = { ...changed.metadata, resourceVersion: String(this.#version) };
    const object = { ...changed, metadata };
    const key = `${metadata.namespace}/${metadata.name}`;
    if (type === 'DELETED') this.#resources.delete(key);
    else this.#resources.set(key, object);
    this.changes.push({ type, object, version: this.#version });
    for (const listener of this.#listeners) listener();
    return object;
  }
}
