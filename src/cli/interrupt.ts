import type { EventEmitter } from 'node:events';

export interface Interruption extends Disposable {
  /** Aborted by the first Ctrl-C or SIGTERM, with what `reason` returns. */
  readonly signal: AbortSignal;
}

/** While it is not disposed of, signals do not end the process but abort. */
export function abortOnSignals(signals: EventEmitter, reason: () => Error): Interruption {
  const controller = new AbortController();
  const abort = (): void => controller.abort(reason());
  signals.on('SIGINT', abort).on('SIGTERM', abort);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      signals.off('SIGINT', abort).off('SIGTERM', abort);
    },
  };
}
