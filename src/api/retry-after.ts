/**
 * Milliseconds that a Retry-After header asks to wait, in either of its forms: seconds, or a date, which
 * is compared with the same answer's Date, so that no two clocks have to agree. Undefined without one.
 */
export function parseRetryAfter(
  header: string | undefined,
  date: string | undefined,
): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const wait = Date.parse(header) - Date.parse(date ?? '');
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** The same for an answer's headers. */
export function retryAfterOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): number | undefined {
  const { 'retry-after': header, date } = headers;
  if (typeof header !== 'string') return undefined;
  return parseRetryAfter(header, typeof date === 'string' ? date : undefined);
}
