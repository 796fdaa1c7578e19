import type { Logger } from 'pino';
import type { ResourceIdentity } from '../api/resource.ts';
import type { EventDraft, EventRecorder } from './events.ts';
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
    const { status, events, requests, log } = this.#parts;
    const written = await status.publish(resource, view, hostPath, requests);
    if (!written) return;
    log.debug({ ...identityFields(resource), view: view.kind }, 'status written');
    if (view.kind === 'running' && view.progress !== undefined) return;
    await events.record(resource, view, requests);
  }

  /** Tells by an event and the log what the status does not hold. Never rejects. */
  async announce(resource: ResourceIdentity, event: EventDraft): Promise<void> {
    const { events, requests, log } = this.#parts;
    log[event.type === 'Warning' ? 'warn' : 'info'](identityFields(resource), event.message);
    await events.say(resource, event, requests);
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
