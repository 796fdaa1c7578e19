import type { Logger } from 'pino';
import type { ResourceIdentity } from '../api/resource.ts';
import type { WorkspaceContentStatus } from '../api/types.generated.ts';
import { isApiStatus, askedPauseOf } from './api-error.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { EventDraft } from './events.ts';
import { identityFields } from './log-fields.ts';
import type { StatusWriter } from './status-writer.ts';
import type { View } from './status.ts';

export interface ReporterParts {
  readonly status: StatusWriter;
  readonly events: EventRecorder;
  readonly log: Logger;
  /** Aborted when requests to the API server may take no longer. */
  readonly requests: AbortSignal;
}

/** Milliseconds before a status that was refused is tried again within an attempt. */
const refusedPauseMs = 60_000;

/** Tells the world how a resource stands: the status, and with a status that changed an event. */
export class Reporter {
  readonly #parts: ReporterParts;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
  }

  /** Does nothing when the status says so already. Throws as KubeClient when it cannot be written. */
  async report(
    resource: ResourceIdentity,
    view: View,
    hostPath: string | undefined,
  ): Promise<void> {
    try {
      await this.#say(resource, view, hostPath);
    } catch (err) {
      // The next list leads to another try.
      if (!isRefused(err)) throw err;
      this.#logRefusal(resource, view, err);
    }
  }

  /**
   * A report while an attempt runs. Never rejects; answers how many milliseconds to wait at least
   * before it is tried again, and undefined when there is nothing left to try.
   */
  async tell(
    resource: ResourceIdentity,
    view: View,
    hostPath: string,
  ): Promise<number | undefined> {
    const { log, requests } = this.#parts;
    try {
      await this.#say(resource, view, hostPath);
      return undefined;
    } catch (err) {
      if (requests.aborted) return undefined;
      if (isRefused(err)) {
        this.#logRefusal(resource, view, err);
        return refusedPauseMs;
      }
      log.warn({ ...identityFields(resource), err }, 'status not written; it is tried again');
      return askedPauseOf(err);
    }
  }

  /** Tells by an event and the log what the status does not hold. */
  announce(resource: ResourceIdentity, event: EventDraft): void {
    const { events, log } = this.#parts;
    log[event.type === 'Warning' ? 'warn' : 'info'](identityFields(resource), event.message);
    events.say(resource, event);
  }

  async #say(resource: ResourceIdentity, view: View, hostPath: string | undefined): Promise<void> {
    const { status, events, log, requests } = this.#parts;
    const before = await status.publish(resource, view, hostPath, requests);
    if (before === undefined) return;
    log.debug({ ...identityFields(resource), view: view.kind }, 'status written');
    if (!isProgress(view, before)) events.record(resource, view);
  }

  #logRefusal(resource: ResourceIdentity, view: View, err: unknown): void {
    const fields = { ...identityFields(resource), view: view.kind, err };
    this.#parts.log.error(fields, 'the API server refuses the status');
  }
}

/** Whether the same would be refused again and again. */
function isRefused(error: unknown): boolean {
  return isApiStatus(error, 400, 413, 422);
}

/** Whether the status said before that this very attempt runs. */
function isProgress(view: View, { phase, attempts }: WorkspaceContentStatus): boolean {
  return view.kind === 'running' && phase === 'Initializing' && attempts === view.entry.attempts;
}
