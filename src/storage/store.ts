import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { ContentError } from '../api/errors.ts';
import type { StoredDownload } from '../api/remote-content.ts';
import { type Answer, interpret, type StoredObject } from './answer.ts';
import type { StoreConfig } from './config.ts';
import { type Credentials, readCredentials } from './credentials.ts';
import type { StorageEnvironment } from './environment.ts';
import { describeFailure, errorCode } from './error-text.ts';
import type { StorageAnswer, StorageHttp } from './http.ts';
import { type Location, objectUrl } from './location.ts';
import { presign } from './sign.ts';

export type { StoredObject };

/** An object store for the time of a few questions. */
export interface OpenStore {
  /**
   * Whether the object is there, and what it is. Throws StorageRefused, StorageUnavailable, InvalidSpec
   * for a name that no object can have, and the signal's reason.
   */
  exists(location: Location, signal: AbortSignal): Promise<StoredObject | undefined>;
  /** A URL that is valid for as long, or for as long as the configuration allows. */
  signDownload(
    location: Location,
    object: StoredObject,
    lifetimeMs: number,
  ): Promise<StoredDownload>;
  close(): Promise<void>;
}

/** Milliseconds from a send to the next: 200, 800, ... */
const retryDelayMs = 200;

/** What stores allow for between the clocks: on a node that is behind, a URL has aged when it is signed. */
const questionLifetimeMs = 15 * 60_000;

/** Throws StorageUnavailable when the store's own certificates or its proxy cannot be used. */
export async function openStore(
  config: StoreConfig,
  environment: StorageEnvironment,
): Promise<OpenStore> {
  const { caFile, proxy, endpoint } = config;
  const { variables, limits } = environment;
  const own = caFile === undefined ? undefined : await readCertificates(config.name, caFile);
  const ca = own === undefined ? await extraCertificates(config.name, variables) : [own];
  const proxied = proxy === undefined ? {} : { proxy };
  const extras = { ...(own === undefined ? {} : { ca: own }), ...proxied };
  const { connectTimeoutMs } = limits;
  const http = await environment
    .connect({ endpoint, variables, connectTimeoutMs, ...proxied, ...(ca && { ca }) })
    .catch((error: unknown) => {
      throw unavailable(config, describeFailure(error));
    });
  const ask = createAsk(config, environment, http);

  return {
    async exists(location, signal) {
      const url = objectUrl(config, location);
      for (let attempt = 1; ; attempt += 1) {
        const credentials = await readCredentials(config, variables);
        const answer = await ask(url, credentials, signal);
        if (answer.kind === 'found') return answer.object;
        if (answer.kind === 'missing') return undefined;
        // Credentials may have been rotated between their use and now, one file before the other.
        const hopeless =
          answer.kind === 'refused' &&
          isDeepStrictEqual(credentials, await readCredentials(config, variables));
        if (hopeless || attempt >= limits.attempts) throw toError(config, location, answer);
        await environment.delay(retryDelayMs * 4 ** (attempt - 1), signal);
      }
    },
    async signDownload(location, { size, etag }, lifetimeMs) {
      const url = await presign({
        method: 'GET',
        url: objectUrl(config, location),
        region: config.region,
        credentials: await readCredentials(config, variables),
        now: environment.now(),
        lifetimeMs: Math.min(lifetimeMs, config.maxPresignExpiryMs),
      });
      return {
        url,
        ...(size === undefined ? {} : { size }),
        ...(etag === undefined ? {} : { etag }),
        ...extras,
      };
    },
    close: async () => await http.close(),
  };
}

type Ask = (url: URL, credentials: Credentials, signal: AbortSignal) => Promise<Answer>;

function createAsk(
  { region }: StoreConfig,
  { now, limits }: StorageEnvironment,
  http: StorageHttp,
): Ask {
  return async (url, credentials, signal) => {
    const timeout = AbortSignal.timeout(limits.requestTimeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    const send = async (method: 'GET' | 'HEAD'): Promise<StorageAnswer> => {
      const lifetimeMs = questionLifetimeMs;
      const signed = await presign({ method, url, region, credentials, now: now(), lifetimeMs });
      const headers = method === 'GET' ? { range: 'bytes=0-0' } : {};
      return await http.send({ method, url: signed, headers, signal: either });
    };
    try {
      const head = await send('HEAD');
      // The answer to a HEAD has no body, and only the body tells S3's answers from other servers'.
      return interpret(head, head.status === 200 ? undefined : await send('GET'), now());
    } catch (error) {
      signal.throwIfAborted();
      const late = `no answer within ${limits.requestTimeoutMs / 1000} s`;
      return { kind: 'unavailable', why: timeout.aborted ? late : describeFailure(error) };
    }
  };
}

function toError(
  config: StoreConfig,
  { bucket, object }: Location,
  answer: Extract<Answer, { why: string }>,
): ContentError {
  if (answer.kind === 'unavailable') return unavailable(config, answer.why);
  return new ContentError(
    'StorageRefused',
    `the object store ${config.name} (${config.endpoint}) refuses access to the object ${JSON.stringify(object)} in the bucket ${bucket}: ${answer.why}`,
  );
}

// Without the cause: errors of HTTP clients hold requests, and those hold signatures.
function unavailable({ name, endpoint }: StoreConfig, why: string): ContentError {
  return new ContentError(
    'StorageUnavailable',
    `the object store ${name} (${endpoint}) is not available: ${why}`,
  );
}

/** Node knows nothing of SSL_CERT_FILE, which downloads in the sandbox heed. */
async function extraCertificates(
  name: string,
  { SSL_CERT_FILE: file }: StorageEnvironment['variables'],
): Promise<string[] | undefined> {
  if (file === undefined || file === '') return undefined;
  const { getCACertificates } = await import('node:tls');
  return [...getCACertificates('default'), await readCertificates(name, file)];
}

async function readCertificates(name: string, file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    throw new ContentError(
      'StorageUnavailable',
      `the certificates for the object store ${name} cannot be read: ${file}: ${errorCode(error)}`,
    );
  });
}
