import { ContentError } from '../api/errors.ts';
import {
  apiGroup,
  apiVersion,
  type ContentResource,
  parseIdentity,
  plural,
} from '../api/resource.ts';
import { isApiStatus } from './api-error.ts';
import { contentFinalizer } from './decide.ts';
import { toWarning } from './events.ts';
import type { JournalEntry } from './journal-entry.ts';
import { toKey } from './keys.ts';
import type { KubeClient } from './kube-client.ts';
import type { Reporter } from './reporter.ts';
import type { Store } from './store.ts';

export interface FinalizersParts {
  readonly client: Pick<KubeClient, 'merge'>;
  readonly store: Store;
  readonly reporter: Pick<Reporter, 'announce'>;
  /** Aborted when requests to the API server may take no longer. */
  readonly requests: AbortSignal;
}

/** Puts the finalizer of this daemon on resources and takes it away; leaves those of others alone. */
export class Finalizers {
  readonly #parts: FinalizersParts;

  constructor(parts: FinalizersParts) {
    this.#parts = parts;
  }

  /** Makes the finalizer of a resource that lives follow its deletionPolicy. Throws as `set`. */
  async follow(resource: ContentResource, entry: JournalEntry | undefined): Promise<void> {
    const { spec, finalizers, deletionTimestamp } = resource;
    const is = finalizers.includes(contentFinalizer);
    // Without content the finalizer comes before the next attempt.
    const wanted = spec.deletionPolicy === 'Delete' && (is || entry?.state === 'succeeded');
    if (wanted === is || deletionTimestamp !== undefined) return;
    try {
      await this.set(resource, wanted);
    } catch (error) {
      if (error instanceof ContentError) {
        this.#parts.reporter.announce(resource, toWarning(error, entry));
      }
      throw error;
    }
  }

  /**
   * Does nothing when the resource is gone, which the watch tells. Throws FinalizerRefused, and as KubeClient,
   * also when the API server does not find what the watch says is there: one that has just started may say so.
   */
  async set(
    { namespace, name, uid }: Pick<ContentResource, 'namespace' | 'name' | 'uid'>,
    wanted: boolean,
  ): Promise<void> {
    const { client, store, requests } = this.#parts;
    const key = toKey({ namespace, name });
    const identity = store.get(key)?.identity;
    if (identity?.uid !== uid) return;
    const { resourceVersion } = identity;
    const others = identity.finalizers.filter((each) => each !== contentFinalizer);
    const finalizers = wanted ? [...others, contentFinalizer] : others;
    const path = `/apis/${apiGroup}/${apiVersion}/namespaces/${namespace}/${plural}/${name}`;
    try {
      // A list is replaced as a whole, so it has to be the one that was read.
      const metadata = { uid, resourceVersion, finalizers };
      const answer = await client.merge(path, { metadata }, requests);
      // The watch tells the same a moment later, or that it is gone, which it may have told already.
      if (store.get(key)?.identity.uid === uid) store.upsert(answer);
      if (wanted && !parseIdentity(answer).finalizers.includes(contentFinalizer)) {
        throw new ContentError('FinalizerRefused', 'the API server took the finalizer away again');
      }
    } catch (error) {
      if (isApiStatus(error, 404) && !store.hasUid(uid)) return;
      if (!isApiStatus(error, 403, 422)) throw error;
      throw new ContentError('FinalizerRefused', error.message, { cause: error });
    }
  }
}
