import { ContentError, type ErrorReason } from '../../../api/errors.ts';
import { retryAfterOf } from '../../../api/retry-after.ts';
import { TransientFailure } from '../../retry.ts';
import { publicUrl } from '../../urls.ts';
import type { Transport, TransportResponse } from './transport.ts';
import { failed } from './version.ts';

export interface Asking {
  readonly transport: Transport;
  readonly url: URL;
  /** What it means when the server has no such object. */
  readonly missing: ErrorReason;
}

const maxRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);
const goodStatuses = new Set([200, 206, 412, 416]);

/**
 * One request and the redirects that it leads to. The answer is 200 or 206, or 412 or 416 when it was for
 * a part. Throws `missing`, DownloadNotFound, DownloadFailed, and TransientFailure where another try may help.
 */
export async function ask(
  { transport, url, missing }: Asking,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<TransportResponse> {
  // Compressed on the way it would be other bytes than those that ranges and digests are about.
  const all = { 'accept-encoding': 'identity', 'user-agent': 'workspace-content', ...headers };
  let current = url;
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const response = await transport({ url: current, headers: all, signal });
    if (goodStatuses.has(response.status)) return response;
    response.discard();
    if (!redirects.has(response.status)) throw refused(response, url, missing);
    current = redirectTarget(response, current, url);
  }
  throw failed(url, `it redirects more than ${maxRedirects} times`);
}

function redirectTarget({ status, headers }: TransportResponse, from: URL, url: URL): URL {
  const location = headers['location'];
  const target = typeof location === 'string' ? URL.parse(location, from.href) : null;
  if (target === null) throw failed(url, `it answers HTTP ${status} without a usable location`);
  const isSafe = target.protocol === 'https:' || target.protocol === from.protocol;
  if (!isSafe) throw failed(url, `it redirects from ${from.protocol} to ${target.protocol}`);
  return target;
}

function refused({ status, headers }: TransportResponse, url: URL, missing: ErrorReason): Error {
  if (status === 404 || status === 410) {
    return new ContentError(missing, `there is nothing at ${publicUrl(url)} (HTTP ${status})`);
  }
  if (status === 401 || status === 403) {
    const message = `the server of ${publicUrl(url)} refuses it (HTTP ${status})`;
    return new ContentError('DownloadNotFound', message);
  }
  const failure = failed(url, `the server answers HTTP ${status}`);
  const transient = status >= 500 || [408, 425, 429].includes(status);
  return transient ? new TransientFailure(failure, retryAfterOf(headers)) : failure;
}
