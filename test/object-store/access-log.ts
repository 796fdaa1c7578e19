/** One answered request. */
export interface AccessLogEntry {
  /** Such as `s3_HeadObject`; `-` where the server refused before it looked. */
  operation: string;
  /** Decoded, without the query. */
  path: string;
  status: number;
}

/** Owner, bucket, [time], address, requester, id, operation, key (with blanks), URI, status and more. */
const line = /^\S+ \S+ \[[^\]]*\] \S+ \S+ \S+ (?<operation>\S+) .* (?<uri>\/\S*) (?<status>\d{3}) /;

/** Reads the lines of requests; others are passed over. */
export function parseAccessLog(text: string): AccessLogEntry[] {
  return text.split('\n').flatMap((each) => {
    const { operation, uri, status } = line.exec(each)?.groups ?? {};
    if (operation === undefined || uri === undefined) return [];
    const [path = ''] = uri.split('?');
    return [{ operation, path: decodeURIComponent(path), status: Number(status) }];
  });
}
