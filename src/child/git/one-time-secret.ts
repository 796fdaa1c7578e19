import { ContentError } from '../../api/errors.ts';
import type { RunContext } from '../context.ts';
import type { HttpClient, HttpResponse } from '../download/client.ts';
import { TransientFailure, withRetries } from '../retry.ts';
import type { Credentials } from './credentials.ts';
import { type Login, parseOneTimeSecret } from './login.ts';

/** A user and a password are far shorter. */
const maxBytes = 64 * 1024;
const maxRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);

/**
 * The credentials to log in with; `step` is for messages. A one-time secret is fetched once in a run,
 * whoever asks. Throws GitAuthenticationFailed, GitRemoteUnavailable; no message holds more of the URL
 * than its host.
 */
export async function resolveLogin(
  login: Login | undefined,
  step: string,
  context: RunContext,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  if (login === undefined) return undefined;
  if ('credentials' in login) return login.credentials;
  const { oneTimeSecrets } = context;
  const { href } = login.oneTimeSecret;
  const answer =
    oneTimeSecrets.get(href) ?? fetchSecret(login.oneTimeSecret, `${step}.config.authOts`);
  oneTimeSecrets.set(href, answer);
  return await answer;

  async function fetchSecret(url: URL, field: string): Promise<Credentials> {
    const { createHttpClient } = await import('../download/client.ts');
    const http = await createHttpClient(context.env, context.patience);
    try {
      return await withRetries(async () => await readSecret(http, url, field), {
        policy: context.patience.oneTimeSecret,
        clock: context.clock,
        // There is nobody to make room for: the waits are as long as the policy says.
        random: { fraction: () => 1 },
        signal,
      });
    } finally {
      await http.close();
    }
  }

  async function readSecret(http: HttpClient, url: URL, field: string): Promise<Credentials> {
    const body = await readBody(http, url, field, signal);
    // Before anything can fail that might quote it.
    for (const part of [body.trim(), body.slice(body.indexOf(':') + 1).trim()]) {
      context.learnSecret(part);
    }
    const credentials = parseOneTimeSecret(body);
    if (credentials !== undefined) return credentials;
    throw refused(field, `${url.host} answered something that is no user:password`);
  }
}

async function readBody(
  http: HttpClient,
  url: URL,
  field: string,
  signal: AbortSignal,
): Promise<string> {
  const response = await open(http, url, field, signal);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body) {
      bytes += chunk.length;
      if (bytes > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw unavailable(field, url, error instanceof Error ? error.message : String(error));
  } finally {
    response.discard();
  }
  if (bytes > maxBytes) throw refused(field, `${url.host} answered more than ${maxBytes} bytes`);
  return Buffer.concat(chunks).toString('utf8');
}

async function open(
  http: HttpClient,
  url: URL,
  field: string,
  signal: AbortSignal,
): Promise<HttpResponse> {
  let current = url;
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const response = await http.get(current, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw unavailable(field, url, error instanceof Error ? error.message : String(error));
    });
    if (response.status === 200) return response;
    response.discard();
    if (!redirects.has(response.status)) throw failedStatus(response, field, url);
    const location = response.headers['location'];
    const target = typeof location === 'string' ? URL.parse(location, current.href) : null;
    if (target?.origin !== url.origin) {
      throw refused(field, `${url.host} redirects to another host, which is not followed`);
    }
    current = target;
  }
  throw refused(field, `${url.host} redirects more than ${maxRedirects} times`);
}

function failedStatus({ status }: HttpResponse, field: string, url: URL): Error {
  if (status >= 500 || [408, 425, 429].includes(status)) {
    return unavailable(field, url, `it answers HTTP ${status}`);
  }
  return refused(
    field,
    `${url.host} answers HTTP ${status}; such a secret can be fetched once only, and may have been`,
  );
}

function unavailable(field: string, url: URL, why: string): TransientFailure {
  const message = `${field}: the one-time secret could not be fetched from ${url.host}: ${why}`;
  return new TransientFailure(new ContentError('GitRemoteUnavailable', message));
}

function refused(field: string, why: string): ContentError {
  return new ContentError(
    'GitAuthenticationFailed',
    `${field}: the one-time secret could not be fetched: ${why}`,
  );
}
