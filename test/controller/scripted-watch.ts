/** A list-watcher whose server answers by a script, on a clock of its own. */
import { once } from 'node:events';
import { ApiError } from '../../src/controller/api-error.ts';
import type { Query } from '../../src/controller/kube-client.ts';
import { ListWatch, type ListWatchClient } from '../../src/controller/list-watch.ts';
import { FakeClock } from './fake-clock.ts';

/** Page of a list: names, its resourceVersion, and whether it fails or goes on. */
type Page = { items: string[]; version: string; next?: string } | Error;

export interface Watch {
  readonly lines?: readonly string[];
  /** Milliseconds until it ends; without, it stays silent until it is given up. */
  readonly lasts?: number;
  readonly fails?: Error;
  /** The server never takes it on: there is not even the head of an answer. */
  readonly headless?: true;
}

interface Seen {
  /** Such as `list`, `list continue=x` or `watch 10`. */
  readonly requests: string[];
  readonly times: number[];
  readonly heard: string[];
  readonly queries: Query[];
}

export const gone = new ApiError(410, 'Expired', 'too old');
export const object = (name: string, version: string): object => ({
  metadata: { name, resourceVersion: version },
});
export const event = (type: string, name: string, version: string): string =>
  JSON.stringify({ type, object: object(name, version) });
export const longWatch: Watch = { lasts: 100_000 };

/** Runs a list-watcher over these answers until it asks for one more; `eachSecond` looks at it meanwhile. */
export async function play(
  lists: Page[],
  watches: Watch[],
  clock = new FakeClock(),
  eachSecond?: (listWatch: ListWatch) => void,
): Promise<Seen> {
  const seen: Seen = { requests: [], times: [], heard: [], queries: [] };
  const end = new AbortController();
  const note = (request: string, query: Query): void => {
    seen.requests.push(request);
    seen.times.push(clock.now());
    seen.queries.push(query);
  };
  const client: ListWatchClient = {
    async get(_path, _signal, query = {}) {
      const page = lists.shift();
      if (page === undefined) end.abort();
      end.signal.throwIfAborted();
      note(query['continue'] === undefined ? 'list' : `list continue=${query['continue']}`, query);
      if (page === undefined) throw new Error('there are no more lists');
      if (page instanceof Error) throw page;
      const items = page.items.map((name) => object(name, '1'));
      return { items, metadata: { resourceVersion: page.version, continue: page.next ?? '' } };
    },
    async *watch(_path, query, wanted, { deadline, onOpen }) {
      const signal = AbortSignal.any([wanted, deadline]);
      const watch = watches.shift();
      if (watch === undefined) end.abort();
      end.signal.throwIfAborted();
      note(`watch ${query['resourceVersion']}`, query);
      if (watch?.headless !== true) onOpen();
      yield* watch?.lines ?? [];
      if (watch?.lasts !== undefined) await clock.sleep(watch.lasts, signal);
      else if (watch?.fails === undefined)
        await once(signal, 'abort').then(() => signal.throwIfAborted());
      if (watch?.fails !== undefined) throw watch.fails;
    },
  };
  const nameOf = (each: unknown): string => (each as { metadata: { name: string } }).metadata.name;
  const listWatch = new ListWatch({
    ...{ client, clock, path: '/things', selector: { fieldSelector: 'spec.nodeName=a' } },
    handler: {
      onList: (objects) => seen.heard.push(`list ${objects.map(nameOf).join(',')}`),
      onUpsert: (each) => seen.heard.push(`upsert ${nameOf(each)}`),
      onDelete: (each) => seen.heard.push(`delete ${nameOf(each)}`),
      onError: (error, what) => seen.heard.push(`${what} failed: ${(error as Error).message}`),
    },
  });
  const running = listWatch.run(end.signal);
  if (eachSecond !== undefined) void look(() => eachSecond(listWatch), clock, end.signal);
  await clock.runUntil(() => end.signal.aborted);
  await running;
  return seen;
}

async function look(ask: () => void, clock: FakeClock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(1000, signal).catch(() => undefined);
    ask();
  }
}
