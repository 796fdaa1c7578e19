import type { WorkspaceContentStatus } from '../../../src/api/types.generated.ts';
import { ApiError, ApiUnavailable } from '../../../src/controller/api-error.ts';
import { KubeClient, type Query, type WatchControls } from '../../../src/controller/kube-client.ts';
import type { Faults } from './faults.ts';
import type { Life, Scheduler } from './scheduler.ts';
import type { SimulatedApi } from './simulated-api.ts';

const bookmarkMs = 60_000;

const expired = JSON.stringify({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });

/** The API server over a network that is slow, loses answers and breaks off. */
export class SimulatedClient extends KubeClient {
  readonly #api: SimulatedApi;
  readonly #scheduler: Scheduler;
  readonly #faults: Faults;
  readonly #life: Life;

  constructor(api: SimulatedApi, scheduler: Scheduler, faults: Faults, life: Life) {
    super(async () => await Promise.reject(new Error('nothing goes over a real network here')));
    this.#api = api;
    this.#scheduler = scheduler;
    this.#faults = faults;
    this.#life = life;
  }

  override async get(path: string, signal: AbortSignal): Promise<unknown> {
    if (path.includes('/secrets/')) {
      return await this.#exchange(`get ${path}`, signal, () => {
        if (!this.#faults.secretThere) throw new ApiError(404, 'NotFound', 'no such Secret');
        return { data: {} };
      });
    }
    return await this.#exchange('list', signal, () => {
      // An API server that lags behind the others.
      const lag = this.#faults.stale() ? this.#scheduler.chance.between(1, 6) : 0;
      const version = Math.max(100, this.#api.version - lag);
      if (lag > 0) this.#scheduler.note(`fault: list as of ${version}`);
      const items = lag > 0 ? this.#api.at(version) : this.#api.all();
      return { items, metadata: { resourceVersion: String(version) } };
    });
  }

  override async create(_: string, body: object, signal: AbortSignal): Promise<unknown> {
    return await this.#exchange('event', signal, () => body);
  }

  override async apply(path: string, body: object, signal: AbortSignal): Promise<unknown> {
    const { metadata, status } = body as {
      metadata: { namespace: string; name: string; uid: string };
      status: WorkspaceContentStatus;
    };
    const key = `${metadata.namespace}/${metadata.name}`;
    if (!path.endsWith('/status')) throw new Error(`nothing but a status is applied: ${path}`);
    const reason = status.conditions?.find(({ type }) => type === 'Ready')?.reason ?? '';
    return await this.#exchange(`status ${metadata.uid} ${status.phase} ${reason}`, signal, () =>
      this.#api.applyStatus(key, metadata.uid, status),
    );
  }

  /** The request arrives in one step and the answer in another; each may be lost. */
  async #exchange<T>(what: string, signal: AbortSignal, act: () => T): Promise<T> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    const exchange = async (): Promise<T> => {
      const answer = await this.#scheduler.step(this.#life, `api ${what}`, () => {
        // A client that gave up may be heard all the same.
        if (signal.aborted && this.#scheduler.chance.happens(0.5)) throw new ApiUnavailable('gone');
        this.#fail(what, 'before');
        return act();
      });
      return await this.#scheduler.step(this.#life, `api answer ${what}`, () => {
        this.#fail(what, 'after');
        return answer;
      });
    };
    void exchange().then(resolve, reject);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #fail(what: string, when: 'before' | 'after'): void {
    if (!this.#faults.api()) return;
    this.#scheduler.note(`fault: ${what} lost ${when} it was done`);
    const { chance } = this.#scheduler;
    const answers = [
      new ApiUnavailable('connection reset'),
      new ApiError(500, 'InternalError', 'etcd has no leader'),
      new ApiError(429, 'TooManyRequests', 'slow down', 2000),
    ];
    // 409 says by its nature that nothing was done.
    if (when === 'before') answers.push(new ApiError(409, 'Conflict', 'it was changed meanwhile'));
    throw chance.pick(when === 'before' ? answers : answers.slice(0, 2));
  }

  override async *watch(
    _: string,
    query: Query,
    wanted: AbortSignal,
    { deadline, onOpen }: WatchControls,
  ): AsyncGenerator<string> {
    const signal = AbortSignal.any([wanted, deadline]);
    let version = Number(query['resourceVersion']);
    const until = this.#scheduler.now + Number(query['timeoutSeconds']) * 1000;
    await this.#exchange(`watch from ${version}`, signal, () => undefined);
    onOpen();
    if (version < this.#api.compacted) yield expired;
    let silent = false;
    for (;;) {
      signal.throwIfAborted();
      silent ||= this.#faults.halfOpen();
      const change = silent ? undefined : this.#api.changes.find((each) => each.version > version);
      if (change === undefined) {
        const left = until - this.#scheduler.now;
        if (left <= 0 && !silent) return;
        const news = await this.#wait(
          silent ? 600_000 : Math.min(left, bookmarkMs),
          signal,
          silent,
        );
        if (!news && !silent) yield this.#bookmark(version);
        continue;
      }
      const { type, object } = change;
      await this.#scheduler.step(
        this.#life,
        `watch ${type} ${object.metadata.uid}`,
        () => undefined,
      );
      signal.throwIfAborted();
      if (this.#faults.watch()) {
        this.#scheduler.note('fault: watch broken off');
        if (this.#scheduler.chance.happens(0.5)) throw new ApiUnavailable('connection reset');
        this.#api.compacted = this.#api.version;
        yield expired;
      }
      version = change.version;
      yield JSON.stringify({ type, object });
    }
  }

  #bookmark(version: number): string {
    const object = { metadata: { resourceVersion: String(version) } };
    return JSON.stringify({ type: 'BOOKMARK', object });
  }

  /** True when the server has news before the time is over. */
  async #wait(ms: number, signal: AbortSignal, deaf: boolean): Promise<boolean> {
    const ended = new AbortController();
    let news = false;
    using _ = this.#api.onChange(() => {
      if (deaf) return;
      news = true;
      // A reason of one's own costs less than the error that is made without one.
      ended.abort(true);
    });
    const either = AbortSignal.any([signal, ended.signal]);
    await this.#scheduler.sleep(this.#life, ms, either).catch(() => undefined);
    signal.throwIfAborted();
    return news;
  }
}
