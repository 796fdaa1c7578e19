import { parseRetryAfter } from '../../api/retry-after.ts';

/** The file descriptor on which git tells of its HTTP requests. */
export const traceFd = 3;

/** Makes git write there what it would not tell otherwise: each header, credentials left out, and no data. */
export const traceEnvironment: Readonly<Record<string, string>> = {
  GIT_TRACE_CURL: String(traceFd),
  GIT_TRACE_CURL_NO_DATA: '1',
  GIT_TRACE_REDACT: '1',
};

/** Longer headers are of no interest. */
const longestLine = 1024;

export interface HttpTrace {
  /** Takes the next piece of the trace. */
  readonly hear: (text: string) => void;
  /** Milliseconds that the last answer asks to wait. */
  readonly retryAfterMs: () => number | undefined;
}

/** Follows git's trace for what the last answer of a server says about another try. */
export function followHttpTrace(): HttpTrace {
  let unfinished = '';
  let headers = new Map<string, string>();
  const hearLine = (line: string): void => {
    const [, header = ''] = /<= Recv header: (.*)$/.exec(line) ?? [];
    if (/^HTTP\/[\d.]+ \d/.test(header)) headers = new Map();
    const [, name, value] = /^(retry-after|date): *(.*?) *$/i.exec(header) ?? [];
    if (name !== undefined && value !== undefined) headers.set(name.toLowerCase(), value);
  };
  return {
    hear: (text) => {
      const lines = `${unfinished}${text}`.split('\n');
      unfinished = (lines.pop() ?? '').slice(0, longestLine);
      for (const line of lines) hearLine(line.slice(0, longestLine));
    },
    retryAfterMs: () => parseRetryAfter(headers.get('retry-after'), headers.get('date')),
  };
}
