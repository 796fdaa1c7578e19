import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { type Daemon, startDaemon } from '../control-plane/daemon.ts';
import type { KeyPair } from '../control-plane/pki.ts';
import { freePorts } from '../control-plane/ports.ts';

export interface Tls extends KeyPair {
  ca: string;
}

export interface ServerSettings {
  program: string;
  dir: string;
  region: string;
  accessKey: string;
  secretKey: string;
  tls?: Tls;
  virtualDomain?: string;
  readyTimeoutMs: number;
}

export interface Server {
  endpoint: string;
  /** File with a line for each request, written before it is answered. */
  accessLog: string;
  stop(): Promise<void>;
}

const attempts = 5;
const healthPath = '/healthy';

/** Starts versitygw and returns once it answers; leaves nothing running when that fails. */
export async function startServer(settings: ServerSettings): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(settings, attempt);
    } catch (error) {
      // Between the choice of the port and its use another process may have taken it.
      const portTaken = String(error).includes('address already in use');
      if (!portTaken || attempt === attempts) throw error;
    }
  }
}

async function startOnce(settings: ServerSettings, attempt: number): Promise<Server> {
  const { dir, tls, accessKey, secretKey } = settings;
  const [port = 0] = await freePorts(1);
  const endpoint = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const log = join(dir, `server.${attempt}.log`);
  const accessLog = join(dir, `access.${attempt}.log`);
  const daemon = startDaemon(
    settings.program,
    [`--access-log=${accessLog}`, ...flags(settings, port)],
    'versitygw',
    log,
    {
      PATH: process.env['PATH'],
      ROOT_ACCESS_KEY: accessKey,
      ROOT_SECRET_KEY: secretKey,
    },
  );
  try {
    await untilReady(endpoint, daemon, settings);
  } catch (error) {
    await daemon.kill();
    throw error;
  }
  return { endpoint, accessLog, stop: async () => await daemon.kill() };
}

function flags({ dir, region, tls, virtualDomain }: ServerSettings, port: number): string[] {
  return [
    `--port=127.0.0.1:${port}`,
    `--region=${region}`,
    `--health=${healthPath}`,
    '--keep-alive',
    '--quiet',
    ...(tls === undefined ? [] : [`--cert=${tls.certificate}`, `--key=${tls.key}`]),
    ...(virtualDomain === undefined ? [] : [`--virtual-domain=${virtualDomain}`]),
    'posix',
    // Beside the objects instead of in extended attributes, which not every file system has.
    `--sidecar=${join(dir, 'metadata')}`,
    join(dir, 'objects'),
  ];
}

async function untilReady(
  endpoint: string,
  daemon: Daemon,
  { tls, readyTimeoutMs }: ServerSettings,
): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs;
  const trust = tls === undefined ? {} : { ca: await readFile(tls.ca) };
  const agent = new Agent({ connect: { ...trust, allowH2: false } });
  let last: unknown;
  try {
    while (Date.now() < deadline) {
      if (!daemon.running) throw new Error(`versitygw ended. ${await daemon.logTail()}`);
      try {
        const { statusCode, body } = await request(endpoint + healthPath, { dispatcher: agent });
        await body.dump();
        if (statusCode === 200) return;
        last = `status ${statusCode}`;
      } catch (error) {
        last = error;
      }
      await delay(20);
    }
  } finally {
    await agent.destroy();
  }
  throw new Error(
    `not ready after ${readyTimeoutMs / 1000} s: ${String(last)}\n${await daemon.logTail()}`,
    { cause: last },
  );
}
