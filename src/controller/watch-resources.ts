import type { Logger } from 'pino';
import type { BackoffPolicy } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { KubeClient } from './kube-client.ts';
import type { GoneResources } from './gone-resources.ts';
import { toKey } from './keys.ts';
import { ListWatch, type WatchTuning } from './list-watch.ts';
import type { Metrics } from './metrics.ts';
import type { Runs } from './runs.ts';
import { resourcesPath } from './status-writer.ts';
import type { Store } from './store.ts';
import type { Workers } from './workers.ts';

export interface WatchParts {
  readonly nodeName: string;
  readonly client: KubeClient;
  readonly store: Store;
  readonly runs: Runs;
  readonly workers: Workers;
  readonly gone: Pick<GoneResources, 'listed'>;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
  readonly apiBackoff: BackoffPolicy;
  readonly tuning: WatchTuning;
}

/**
 * A list-watcher of this node's resources. What it hears goes to the store; attempts that are not
 * wanted any more end at once; all else is the workers' business.
 */
export function watchResources(parts: WatchParts): ListWatch {
  const { nodeName, client, store, runs, workers, gone, metrics, clock, log, tuning } = parts;
  return new ListWatch({
    ...tuning,
    backoff: parts.apiBackoff,
    client,
    clock,
    path: resourcesPath,
    selector: { fieldSelector: `spec.nodeName=${nodeName}` },
    handler: {
      onList(objects) {
        const keys = store.replace(objects);
        for (const key of runs.keys()) runs.check(key, store.get(key));
        for (const key of [...keys, ...gone.listed()]) workers.add(key);
        // Before the first whole list, a resource that is there could be taken for one that is gone.
        workers.start();
        log.debug({ resources: store.size }, 'resources listed');
      },
      onUpsert(object) {
        const stored = store.upsert(object);
        if (stored === undefined) return;
        runs.check(stored.key, stored);
        workers.add(stored.key);
      },
      onDelete(object) {
        const deleted = store.delete(object);
        if (deleted === undefined) return;
        const key = toKey(deleted.identity);
        runs.check(key, undefined);
        workers.add(key);
      },
      onError(err, what) {
        metrics.listWatchFailed(what);
        log.warn({ err, what }, 'the API server was not heard; it is tried again');
      },
    },
  });
}
