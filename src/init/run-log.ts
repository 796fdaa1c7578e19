/** The log lines of one run: each with the fields that find it, and no more than a bounded number of them. */
import type { ContentOwner } from '../api/protocol.ts';
import type { Captured, Cleaner } from './clean.ts';
import type { Logger } from './environment.ts';

export interface RunLog {
  /** A line that the program in the sandbox, or runc, printed. */
  output(stream: 'stdout' | 'stderr', line: Captured): void;
  /** A line of runc's own log. */
  runc(level: string, line: string): void;
  error(message: string, error: unknown): void;
}

/** What a run prints beyond this is dropped, so that it cannot fill the node's log. */
const maxLines = 200;
/** UTF-16 units. */
export const maxLineLength = 4096;

export function createRunLog(
  logger: Logger,
  cleaner: Cleaner,
  fields: ContentOwner & { readonly container: string; readonly attempt: number },
): RunLog {
  let lines = 0;
  const write = (level: 'info' | 'error', raw: Captured | string, more: object): void => {
    lines += 1;
    if (lines > maxLines) return;
    if (lines === maxLines) logger.warn(fields, 'further output of the sandbox is dropped');
    const line = cleaner.line(raw, maxLineLength);
    if (line !== '') logger[level]({ ...fields, ...more }, line);
  };
  return {
    output: (stream, line) => write('info', line, { stream }),
    runc: (level, line) =>
      write(level === 'error' || level === 'fatal' ? 'error' : 'info', line, { stream: 'runc' }),
    error: (message, error) => logger.error({ ...fields, err: error }, message),
  };
}
