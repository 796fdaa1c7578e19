import { type Logger, pino } from 'pino';

/** JSON lines on standard output. `level` is one of pino's: trace, debug, info, warn, error, fatal, silent. */
export function createLogger(level: string, nodeName: string): Logger {
  return pino({ level, base: { node: nodeName }, timestamp: pino.stdTimeFunctions.isoTime });
}
