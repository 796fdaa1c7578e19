import { ContentError } from '../../api/errors.ts';
import { retryAfterOf } from '../../api/retry-after.ts';
import { TransientFailure } from '../retry.ts';
import { publicUrl } from '../urls.ts';
import type { HttpClient, HttpResponse } from './client.ts';

const maxRedirects = 10;
const redirects = new Set([301, 302, 303, 307, 308]);

export interface OpenedFile {
  readonly body: AsyncIterable<Uint8Array>;
  /** Bytes, when the server says how many there are. */
  readonly length: number | undefined;
  readonly discard: () => void;
}

/**
 * Asks for a file and follows redirects. Throws DownloadNotFound, DownloadFailed, and TransientFailure
 * where another try may help; messages name the URL without its query.
 */
export async function openFile(
  http: HttpClient,
  url: URL,
  signal: AbortSignal,
): Promise<OpenedFile> {
  let current = url;
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const response = await ask(http, current, signal);
    if (response.status === 200) {
      const { body, discard } = response;
      return { body, discard, length: contentLength(response) };
    }
    response.discard();
    if (!redirects.has(response.status)) throw refused(response, current);
    current = redirectTarget(response, current);
  }
  throw failed(url, `it redirects more than ${maxRedirects} times`);
}

async function ask(http: HttpClient, url: URL, signal: AbortSignal): Promise<HttpResponse> {
  try {
    return await http.get(url, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw networkFailure(url, error);
  }
}

/** A failure of the connection, before or in the middle of the body. */
export function networkFailure(url: URL, error: unknown): TransientFailure {
  const why = error instanceof Error ? error.message : String(error);
  return new TransientFailure(failed(url, why, error));
}

function redirectTarget({ status, headers }: HttpResponse, from: URL): URL {
  const location = headers['location'];
  const target = typeof location === 'string' ? URL.parse(location, from.href) : null;
  if (target === null) throw failed(from, `it answers HTTP ${status} without a usable location`);
  if (target.protocol !== 'http:' && target.protocol !== 'https:') {
    throw failed(from, `it redirects to ${target.protocol}, and only http and https are followed`);
  }
  return target;
}

function refused({ status, headers }: HttpResponse, url: URL): Error {
  if ([401, 403, 404, 410].includes(status)) {
    const message = `the server of ${publicUrl(url)} answers HTTP ${status}`;
    return new ContentError('DownloadNotFound', message);
  }
  const failure = failed(url, `the server answers HTTP ${status}`);
  const transient = status >= 500 || [408, 425, 429].includes(status);
  return transient ? new TransientFailure(failure, retryAfterOf(headers)) : failure;
}

function contentLength({ headers }: HttpResponse): number | undefined {
  const header = headers['content-length'];
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

function failed(url: URL, why: string, cause?: unknown): ContentError {
  return new ContentError('DownloadFailed', `could not download ${publicUrl(url)}: ${why}`, {
    cause,
  });
}
