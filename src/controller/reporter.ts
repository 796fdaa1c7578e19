import type { Logger } from 'pino';
import type { ResourceIdentity } from '../api/resource.ts';
import { isApiStatus } from './api-error.ts';
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
    const { events, log } = this.#parts;
    const written = await this.#publish(resource, view, hostPath);
    if (!written) return;
    log.debug({ ...identityFields(resource), view: view.kind }, 'status written');
    if (view.kind === 'running' && view.progress !== undefined) return;
    events.record(resource, view);
  }

  async #publish(
    resource: ResourceIdentity,
    view: View,
    hostPath: string | undefined,
  ): Promise<boolean> {
    const { status, requests, log } = this.#parts;
    try {
      return await status.publish(resource, view, hostPath, requests);
    } catch (err) {
      if (!isApiStatus(err, 400, 413, 422)) throw err;
      // It would be refused again and again; the next list leads to another try.
      const fields = { ...identityFields(resource), view: view.kind, err };
      log.error(fields, 'the API server refuses the status');
      return false;
    }
  }

  /** Tells by an event and the log what the status does not hold. */
  announce(resource: ResourceIdentity, event: EventDraft): void {
    const { events, log } = this.#parts;
    log[event.type === 'Warning' ? 'warn' : 'info'](identityFields(resource), event.message);
    events.say(resource, event);
  }

  /** A report while an attempt runs, when nobody could do anything about a failure. Never rejects. */
  async tell(resource: ResourceIdentity, view: View, hostPath: string): Promise<void> {
    try {
      await this.report(resource, view, hostPath);
    } catch (error) {
      this.#parts.log.warn({ ...identityFields(resource), err: error }, 'status not written');
    }
  }
}
