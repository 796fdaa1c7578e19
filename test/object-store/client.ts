import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { AwsV4Signer } from 'aws4fetch';
import { Agent, type Dispatcher, request } from 'undici';

export interface S3Access {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Path of the certificate authority's certificate, where the server has one of its own. */
  readonly ca?: string;
}

/** S3 wants to know the size of an object before its first byte. */
export type ObjectBody =
  | string
  | Uint8Array
  | { readonly file: string }
  | { readonly stream: Readable; readonly size: number };

/** The few verbs that tests need to fill a store. Each throws an error with the server's own words. */
export class S3Client {
  readonly #access: S3Access;
  readonly #agent: Agent;

  private constructor(access: S3Access, agent: Agent) {
    this.#access = access;
    this.#agent = agent;
  }

  static async connect(access: S3Access): Promise<S3Client> {
    const tls = access.ca === undefined ? {} : { ca: await readFile(access.ca) };
    return new S3Client(access, new Agent({ connect: { ...tls, allowH2: false } }));
  }

  async createBucket(bucket: string): Promise<void> {
    await this.#send('PUT', bucket);
  }

  async putObject(bucket: string, key: string, body: ObjectBody): Promise<void> {
    const { content, size } = await open(body);
    const encoded = key.split('/').map(encodeSegment).join('/');
    await this.#send('PUT', `${bucket}/${encoded}`, content, { 'content-length': String(size) });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #send(
    method: Dispatcher.HttpMethod,
    path: string,
    body: Dispatcher.DispatchOptions['body'] = null,
    headers: Record<string, string> = {},
  ): Promise<void> {
    const { endpoint, region, accessKey, secretKey } = this.#access;
    const signed = await new AwsV4Signer({
      method,
      url: `${endpoint}/${path}`,
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      service: 's3',
      region,
    }).sign();
    const answer = await request(signed.url, {
      method,
      headers: { ...Object.fromEntries(signed.headers), ...headers },
      body: body ?? null,
      dispatcher: this.#agent,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) {
      throw new Error(`${method} /${path} answered ${answer.statusCode}: ${text}`);
    }
  }
}

async function open(
  body: ObjectBody,
): Promise<{ content: string | Uint8Array | Readable; size: number }> {
  if (typeof body === 'string') return { content: body, size: Buffer.byteLength(body) };
  if (body instanceof Uint8Array) return { content: body, size: body.byteLength };
  if ('file' in body) {
    return { content: createReadStream(body.file), size: (await stat(body.file)).size };
  }
  return { content: body.stream, size: body.size };
}

/** Percent-encodes all that RFC 3986 does not call unreserved. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
