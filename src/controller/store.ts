import { parseIdentity, type ResourceIdentity } from '../api/resource.ts';
import { toKey } from './keys.ts';
import { isRecord } from '../api/record.ts';
import { isOlderVersion } from './resource-version.ts';

/** A resource as the API server sent it; what is in it beyond its identity is not parsed yet. */
export interface StoredResource {
  readonly key: string;
  readonly identity: ResourceIdentity;
  readonly object: unknown;
}

/** What the API server was last heard to hold, for this node. */
export class Store {
  readonly #resources = new Map<string, StoredResource>();
  readonly #uids = new Set<string>();

  get(key: string): StoredResource | undefined {
    return this.#resources.get(key);
  }

  /** Whether a resource of that uid is there. */
  hasUid(uid: string): boolean {
    return this.#uids.has(uid);
  }

  get size(): number {
    return this.#resources.size;
  }

  keys(): IterableIterator<string> {
    return this.#resources.keys();
  }

  /**
   * Takes a newer version over; answers undefined for what is no resource, and for a version older
   * than the one held, which a watch sends when the answer to a write was faster.
   */
  upsert(object: unknown): StoredResource | undefined {
    const stored = toStored(object);
    if (stored === undefined) return undefined;
    const held = this.#resources.get(stored.key);
    if (held !== undefined && isOlder(stored, held)) return undefined;
    this.#set(stored);
    return stored;
  }

  /** Answers what was held, if it was that very resource. */
  delete(object: unknown): StoredResource | undefined {
    const gone = toStored(object);
    const held = gone && this.#resources.get(gone.key);
    if (held?.identity.uid !== gone?.identity.uid || held === undefined) return undefined;
    this.#resources.delete(held.key);
    this.#uids.delete(held.identity.uid);
    return held;
  }

  /** Holds these and no others, whatever their versions; answers the keys that are or were there. */
  replace(objects: readonly unknown[]): string[] {
    const before = [...this.#resources.keys()];
    this.#resources.clear();
    this.#uids.clear();
    for (const object of objects) {
      const stored = toStored(object);
      if (stored !== undefined) this.#set(stored);
    }
    return [...new Set([...this.#resources.keys(), ...before])];
  }

  #set(stored: StoredResource): void {
    const held = this.#resources.get(stored.key);
    if (held !== undefined) this.#uids.delete(held.identity.uid);
    this.#resources.set(stored.key, stored);
    this.#uids.add(stored.identity.uid);
  }
}

/** Undefined for what has no name or uid, which no API server sends. */
function toStored(object: unknown): StoredResource | undefined {
  try {
    const identity = parseIdentity(object);
    return { key: toKey(identity), identity, object: slim(object) };
  } catch {
    return undefined;
  }
}

/** Who owns which field is half of a resource's size and nobody's concern here. */
function slim(object: unknown): unknown {
  if (!isRecord(object) || !isRecord(object['metadata'])) return object;
  const { managedFields: _, ...metadata } = object['metadata'];
  return { ...object, metadata };
}

function isOlder({ identity }: StoredResource, held: StoredResource): boolean {
  if (identity.uid !== held.identity.uid) return false;
  return isOlderVersion(identity.resourceVersion, held.identity.resourceVersion);
}

/** The node that it asks for, whatever that is. */
export function nodeNameOf({ object }: StoredResource): unknown {
  const spec = isRecord(object) ? object['spec'] : undefined;
  return isRecord(spec) ? spec['nodeName'] : undefined;
}
