import type { Credentials } from './credentials.ts';

export interface SignRequest {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  readonly region: string;
  readonly credentials: Credentials;
  /** Milliseconds since 1970: from when on the URL is valid. */
  readonly now: number;
  /** Milliseconds that it is valid; full seconds count, 7 days at the most. */
  readonly lifetimeMs: number;
}

/**
 * Signs a request in its URL (AWS Signature Version 4). Whoever has the URL can make the request, with any
 * Range header, until it expires.
 */
export async function presign(request: SignRequest): Promise<string> {
  // Lazily: a daemon without object storage never needs it.
  const { AwsV4Signer } = await import('aws4fetch');
  const url = new URL(request.url);
  const seconds = Math.max(1, Math.floor(request.lifetimeMs / 1000));
  url.searchParams.set('X-Amz-Expires', String(seconds));
  const signed = await new AwsV4Signer({
    ...request.credentials,
    method: request.method,
    url: url.href,
    service: 's3',
    region: request.region,
    signQuery: true,
    datetime: new Date(request.now).toISOString().replaceAll(/[:-]|\.\d{3}/g, ''),
  }).sign();
  return signed.url.href;
}
