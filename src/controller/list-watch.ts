import { ApiUnavailable, askedPauseOf, isApiStatus } from './api-error.ts';
import { apiBackoff, backoffMs, type BackoffPolicy } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Query, WatchControls } from './kube-client.ts';
import { IdleDeadline } from './idle-deadline.ts';
import { type ListPage, parsePage } from './list-page.ts';
import { isOlderVersion } from './resource-version.ts';
import { parseWatchEvent, resourceVersionOf } from './watch-event.ts';

export interface ListWatchClient {
  get(path: string, signal: AbortSignal, query?: Query): Promise<unknown>;
  watch(
    path: string,
    query: Query,
    signal: AbortSignal,
    controls: WatchControls,
  ): AsyncIterable<string>;
}

export interface ListWatchHandler {
  /** A complete list: these are there, and no others. */
  onList(objects: readonly unknown[]): void;
  onUpsert(object: unknown): void;
  onDelete(object: unknown): void;
  /** A request failed, or a watch was ended by an error or given up; it goes on by itself. */
  onError(error: unknown, what: 'list' | 'watch'): void;
}

export interface WatchTuning {
  readonly pageSize?: number;
  /** A complete list follows the last one after that many milliseconds, half of it by chance more. */
  readonly relistMs?: number;
  /** The server ends a watch after that many milliseconds, up to twice that by chance. */
  readonly watchMs?: number;
  /** A watch without a line for that many milliseconds is given up; bookmarks come every minute. */
  readonly idleMs?: number;
  /**
   * After an error or silence a list older than that many milliseconds is no longer believed: an API server
   * whose state was restored from a backup accepts a watch from a place that it has never reached, silently.
   */
  readonly doubtMs?: number;
}

export interface ListWatchOptions extends WatchTuning {
  readonly client: ListWatchClient;
  readonly clock: Clock;
  /** Collection to watch, such as `/apis/workspacecontent.dev/v1alpha1/workspacecontents`. */
  readonly path: string;
  /** What to watch of it: fieldSelector, labelSelector. */
  readonly selector: Query;
  readonly handler: ListWatchHandler;
  readonly backoff?: BackoffPolicy;
}

/**
 * A watch that the server keeps up for so many milliseconds works: only then does the next pause start
 * small again. The time until it takes the watch on says nothing.
 */
const stableMs = 5000;

/**
 * Keeps hearing what a collection holds: a list in pages, then a watch from there on; a new list
 * when the server has forgotten the place (410), and every now and then. It never gives up: what
 * fails is tried again after a growing pause, or the one that the server asks for.
 */
export class ListWatch {
  readonly #options: Required<ListWatchOptions>;
  #resourceVersion: string | undefined;
  #listedAt = 0;
  #failedSinceList = false;
  #relistAt = 0;
  #failures = 0;
  #synced: number | undefined;
  #trouble: unknown;
  #turned: number | undefined;

  constructor(options: ListWatchOptions) {
    this.#options = {
      pageSize: 250,
      relistMs: 600_000,
      watchMs: 300_000,
      idleMs: 150_000,
      doubtMs: 30_000,
      backoff: apiBackoff,
      ...options,
    };
  }

  /** When the API server was last heard, ms since the epoch; undefined before the first whole list. */
  get lastSync(): number | undefined {
    return this.#synced;
  }

  /** The error for which the API server is not heard; undefined while it is. */
  get trouble(): unknown {
    return this.#trouble;
  }

  /** When the loop last went round, successfully or not; undefined before it runs. */
  get lastTurn(): number | undefined {
    return this.#turned;
  }

  /** Runs until the signal is aborted, and then returns. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const what = this.#mustList() ? 'list' : 'watch';
      this.#turned = this.#options.clock.now();
      try {
        if (what === 'list') await this.#list(signal);
        else await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#failures += 1;
        this.#trouble = error;
        this.#failedSinceList = true;
        // The server has forgotten what came after our version.
        if (isApiStatus(error, 410)) this.#resourceVersion = undefined;
        this.#options.handler.onError(error, what);
        await this.#pause(error, signal);
      }
    }
  }

  #mustList(): boolean {
    const { clock, doubtMs } = this.#options;
    const now = clock.now();
    const isDoubtful = this.#failedSinceList && now - this.#listedAt > doubtMs;
    return this.#resourceVersion === undefined || isDoubtful || now >= this.#relistAt;
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, clock, path, selector, pageSize, relistMs, handler } = this.#options;
    const objects: unknown[] = [];
    let token = '';
    let page: ListPage;
    do {
      page = parsePage(
        await client.get(path, signal, {
          ...selector,
          limit: String(pageSize),
          ...(token === '' ? {} : { continue: token }),
        }),
      );
      objects.push(...page.items);
      token = page.continue;
    } while (token !== '');
    this.#resourceVersion = page.resourceVersion;
    this.#failedSinceList = false;
    this.#listedAt = clock.now();
    this.#relistAt = this.#listedAt + relistMs * (1 + clock.random() / 2);
    this.#heard();
    handler.onList(objects);
  }

  /** Returns when the server ends the watch in its time, when it is time to list again, or after silence. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { client, clock, path, selector, watchMs, idleMs, backoff, handler } = this.#options;
    const lasts = Math.min(watchMs * (1 + clock.random()), this.#relistAt - clock.now());
    const query = {
      ...selector,
      resourceVersion: this.#resourceVersion ?? '',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(Math.max(1, Math.ceil(lasts / 1000))),
    };
    const started = clock.now();
    const idle = new IdleDeadline(clock, idleMs);
    let opened = Infinity;
    const onOpen = (): void => {
      opened = clock.now();
      idle.extend();
      this.#heard();
    };
    try {
      const controls = { deadline: idle.signal, onOpen };
      for await (const line of client.watch(path, query, signal, controls)) {
        idle.extend();
        this.#take(line);
      }
    } catch (error) {
      if (signal.aborted || !idle.signal.aborted) throw error;
      // A half-open connection is silent, but so is a server that was restored from a backup.
      this.#failedSinceList = true;
      handler.onError(new ApiUnavailable(`the watch was silent for ${idleMs} ms`), 'watch');
      return;
    } finally {
      idle.end();
      if (clock.now() - opened > stableMs) this.#failures = 0;
    }
    if (clock.now() - started < backoff.baseMs) {
      throw new Error('the watch ended as soon as it had begun');
    }
    this.#heard();
  }

  #take(line: string): void {
    const { handler } = this.#options;
    const event = parseWatchEvent(line);
    this.#heard();
    if (event === undefined) return;
    if (event.type === 'ERROR') throw event.error;
    const version = resourceVersionOf(event.object);
    if (isOlderVersion(version, this.#resourceVersion ?? '')) {
      this.#resourceVersion = undefined;
      throw new Error(
        'the API server has gone back to an older state, as one restored from a backup',
      );
    }
    if (event.type === 'DELETED') handler.onDelete(event.object);
    else if (event.type !== 'BOOKMARK') handler.onUpsert(event.object);
    this.#resourceVersion = version || this.#resourceVersion;
  }

  #heard(): void {
    this.#trouble = undefined;
    this.#synced = this.#options.clock.now();
  }

  async #pause(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, backoff } = this.#options;
    const own = backoffMs(backoff, this.#failures, clock.random());
    await clock.sleep(Math.max(own, askedPauseOf(error)), signal).catch(() => undefined);
  }
}
