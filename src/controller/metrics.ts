import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { KubeTransport } from './kube-transport.ts';

/** What a scrape reads off at that moment. */
export interface Readings {
  readonly queueDepth: () => number;
  readonly activeRuns: () => number;
  readonly waitingRuns: () => number;
  readonly resources: () => number;
  /** Seconds since the API server was last heard, or since the daemon started while it has not been. */
  readonly syncAge: () => number;
}

const seconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];

/** The daemon's figures in a registry of their own. */
export class Metrics {
  readonly registry = new Registry();
  readonly #attempts: Counter<'reason'>;
  readonly #durations: Histogram<'type' | 'outcome'>;
  readonly #apiErrors: Counter<'method' | 'code'>;
  readonly #interruptions: Counter<'what'>;
  readonly #eventsLost: Counter;
  readonly #setAside: Counter;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#attempts = new Counter({
      name: 'wscontent_attempts_total',
      help: 'Attempts that ended, by reason: InitializationSuccess or one of docs/errors.md.',
      labelNames: ['reason'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'wscontent_attempt_duration_seconds',
      help: 'Duration of attempts by type of initializer and outcome.',
      labelNames: ['type', 'outcome'],
      buckets: seconds,
      registers,
    });
    this.#apiErrors = new Counter({
      name: 'wscontent_api_errors_total',
      help: 'Requests to the API server that failed, by HTTP status; 0 when there was no whole answer.',
      labelNames: ['method', 'code'],
      registers,
    });
    this.#interruptions = new Counter({
      name: 'wscontent_list_watch_errors_total',
      help: 'Lists and watches that ended with an error; they are started again.',
      labelNames: ['what'],
      registers,
    });
    this.#eventsLost = new Counter({
      name: 'wscontent_events_lost_total',
      help: 'Kubernetes events that could not be written.',
      registers,
    });
    this.#setAside = new Counter({
      name: 'wscontent_journal_unreadable_total',
      help: 'Journal entries that could not be read and were set aside.',
      registers,
    });
  }

  /** Registers gauges that are read at each scrape. */
  read(readings: Readings): void {
    const gauges: [string, string, () => number][] = [
      ['queue_depth', 'Resources that wait to be looked at.', readings.queueDepth],
      ['active_attempts', 'Attempts that run.', readings.activeRuns],
      [
        'waiting_attempts',
        'Attempts that wait for one of the running to end.',
        readings.waitingRuns,
      ],
      ['resources', 'Resources of this node.', readings.resources],
      [
        'last_sync_age_seconds',
        'Since the API server was last heard, or else the start.',
        readings.syncAge,
      ],
    ];
    for (const [name, help, ask] of gauges) {
      const gauge: Gauge = new Gauge({
        name: `wscontent_${name}`,
        help,
        registers: [this.registry],
        collect: () => {
          gauge.set(ask());
        },
      });
    }
  }

  attemptEnded(type: string, reason: string, succeeded: boolean, durationMs: number): void {
    this.#attempts.inc({ reason });
    const outcome = succeeded ? 'success' : 'failure';
    this.#durations.observe({ type, outcome }, durationMs / 1000);
  }

  listWatchFailed(what: string): void {
    this.#interruptions.inc({ what });
  }

  eventLost(): void {
    this.#eventsLost.inc();
  }

  journalSetAside(count: number): void {
    this.#setAside.inc(count);
  }

  /** The same transport, its failures counted. */
  counted(transport: KubeTransport): KubeTransport {
    return async (request) => {
      const { method } = request;
      const noAnswer = (): void => {
        if (!request.signal.aborted) this.#apiErrors.inc({ method, code: '0' });
      };
      try {
        const response = await transport(request);
        const { statusCode = 0 } = response;
        if (statusCode > 299) this.#apiErrors.inc({ method, code: String(statusCode) });
        else response.on('error', noAnswer);
        return response;
      } catch (error) {
        noAnswer();
        throw error;
      }
    };
  }
}
