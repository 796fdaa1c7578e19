import type { ResourceIdentity } from '../api/resource.ts';
import { isApiStatus } from './api-error.ts';
import type { Clock } from './clock.ts';
import { buildEvent, type EventDraft, eventOf } from './events.ts';
import type { KubeClient } from './kube-client.ts';
import type { View } from './status.ts';

export interface EventRecorderOptions {
  readonly client: Pick<KubeClient, 'create'>;
  readonly clock: Clock;
  readonly nodeName: string;
  /** An event that could not be written is no reason to stop. */
  readonly onError: (error: unknown) => void;
  /** Aborted when nothing is to be written any more. */
  readonly requests: AbortSignal;
  /** Events that wait at most; what comes then is lost. */
  readonly limit?: number;
  /** Milliseconds that one may take. */
  readonly timeoutMs?: number;
}

interface Waiting {
  readonly path: string;
  readonly event: object;
}

/** Writes events as well as it can, one after the other; nobody waits for it. */
export class EventRecorder {
  readonly #options: Required<EventRecorderOptions>;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = { limit: 200, timeoutMs: 5000, ...options };
  }

  record(resource: ResourceIdentity, view: View): void {
    const draft = eventOf(view);
    if (draft !== undefined) this.say(resource, draft);
  }

  say(resource: ResourceIdentity, draft: EventDraft): void {
    const { clock, nodeName, limit, onError } = this.#options;
    if (this.#waiting.length >= limit) {
      onError(new Error(`${limit} events wait already`));
      return;
    }
    const event = buildEvent(resource, draft, nodeName, clock.now());
    this.#waiting.push({ path: `/api/v1/namespaces/${resource.namespace}/events`, event });
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when none waits. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    const { client, requests, timeoutMs, onError } = this.#options;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        const bounded = AbortSignal.any([requests, AbortSignal.timeout(timeoutMs)]);
        await client.create(next.path, next.event, bounded);
      } catch (error) {
        if (!isApiStatus(error, 409)) onError(error);
      }
    }
    this.#writing = undefined;
  }
}
