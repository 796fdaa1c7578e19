import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FindOptions } from '../control-plane/binaries.ts';
import { createGuardedFolder } from '../control-plane/folder.ts';
import { certificate } from '../control-plane/pki.ts';
import { type ObjectBody, S3Client } from './client.ts';
import { findVersitygw } from './program.ts';
import { type AccessLogEntry, parseAccessLog } from './access-log.ts';
import { startServer, type Tls } from './server.ts';

export interface ObjectStore {
  /** Such as `http://127.0.0.1:7070`. */
  readonly endpoint: string;
  readonly region: string;
  /** Of the owner of all buckets. */
  readonly accessKey: string;
  readonly secretKey: string;
  /** With `tls`: path of the certificate of the authority that signed the server's. */
  readonly ca?: string;
  /** Holds everything of this store; gone after `stop`. */
  readonly dir: string;
  createBucket(bucket: string): Promise<void>;
  /** Throws an error with the server's words when the bucket is missing, for one. */
  putObject(bucket: string, key: string, body: ObjectBody): Promise<void>;
  /** What was asked for so far, in the order of the answers. */
  requests(): Promise<AccessLogEntry[]>;
  /** Ends the server, waits for it and removes the folder. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ObjectStoreOptions extends FindOptions {
  /** https, by a certificate of an authority of its own for 127.0.0.1, localhost and the virtual domain. */
  tls?: boolean;
  /** Serve `<bucket>.<virtualDomain>` too: names that resolve to nothing, so that clients must be told. */
  virtualDomain?: string;
  region?: string;
  readyTimeoutMs?: number;
}

/** Starts a real S3 server of its own on a free port of the loopback interface, ready in a fraction of a second. */
export async function startObjectStore(options: ObjectStoreOptions = {}): Promise<ObjectStore> {
  const { region = 'us-east-1', tls = false, virtualDomain, readyTimeoutMs = 20_000 } = options;
  const program = await findVersitygw(options);
  const folder = await createGuardedFolder('object-store-');
  try {
    const dir = folder.path;
    await Promise.all(['objects', 'metadata', 'pki'].map((name) => mkdir(join(dir, name))));
    const pki = tls ? await createServerTls(join(dir, 'pki'), virtualDomain) : undefined;
    const accessKey = `test-${randomBytes(6).toString('hex')}`;
    const secretKey = randomBytes(24).toString('base64url');
    const settings = { program, dir, region, accessKey, secretKey, readyTimeoutMs };
    const server = await startServer({
      ...settings,
      ...(pki === undefined ? {} : { tls: pki }),
      ...(virtualDomain === undefined ? {} : { virtualDomain }),
    });
    const ca = pki === undefined ? {} : { ca: pki.ca };
    const access = { endpoint: server.endpoint, region, accessKey, secretKey, ...ca };
    const client = await S3Client.connect(access);
    const stop = async (): Promise<void> => {
      await client.close();
      await server.stop();
      await folder.remove();
    };
    return {
      ...access,
      dir,
      createBucket: async (bucket) => await client.createBucket(bucket),
      putObject: async (bucket, key, body) => await client.putObject(bucket, key, body),
      requests: async () => parseAccessLog(await readFile(server.accessLog, 'utf8')),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

async function createServerTls(dir: string, virtualDomain: string | undefined): Promise<Tls> {
  const ca = await certificate(dir, 'ca', '/CN=test-object-store', [
    'basicConstraints=critical,CA:TRUE',
    'keyUsage=critical,keyCertSign,digitalSignature',
  ]);
  const names = ['IP:127.0.0.1', 'DNS:localhost'].concat(
    virtualDomain === undefined ? [] : [`DNS:${virtualDomain}`, `DNS:*.${virtualDomain}`],
  );
  const server = await certificate(
    dir,
    'server',
    '/CN=object-store',
    ['extendedKeyUsage=serverAuth', `subjectAltName=${names.join(',')}`],
    ca,
  );
  return { ca: ca.certificate, ...server };
}
