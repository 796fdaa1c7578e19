/** Objects on a real HTTP server, and downloads of them that lose patience soon. */
import { Agent } from 'undici';
import {
  defaultTuning,
  download,
  type DownloadOptions,
} from '../../../../src/child/archive/download/download.ts';
import { undiciTransport } from '../../../../src/child/archive/download/transport.ts';
import { systemClock, systemRandom } from '../../../../src/child/clock.ts';
import {
  type ObjectServer,
  type ServedObject,
  startObjectServer,
} from '../../../support/archive-server.ts';

export const megabyte = 1_000_000;
export const partBytes = 500_000;
/** So slow that a reader waits for it. */
export const slow = 10 * megabyte;

/** One connection stays one. */
const oneConnection = { ...defaultTuning, waitingShare: 2 };
/** One connection is too slow at once. */
export const manyConnections = {
  ...defaultTuning,
  partBytes,
  // Judged with each chunk: how fast this machine is must not matter.
  windowMs: 0,
  waitingShare: 0.01,
  fastEnough: Number.POSITIVE_INFINITY,
};

/** For servers that fall silent, and tests that do not count how often that was noticed. */
export const impatient = { silence: { ms: 300, bytes: 1000 } };

/** No two parts of it are alike. */
export function bytes(length: number): Buffer {
  const content = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) content.writeUInt32BE(at, at);
  return content;
}

export const content = bytes(6 * megabyte);

export interface DownloadHarness extends AsyncDisposable {
  readonly server: ObjectServer;
  /** Puts an object under a name of its own; `content` unless it has another. */
  put(object?: Partial<ServedObject>): URL;
  /** By one connection, unless `changes` have another tuning. */
  stream(url: URL, changes?: Partial<DownloadOptions>): AsyncGenerator<Buffer>;
  downloaded(url: URL, changes?: Partial<DownloadOptions>): Promise<Buffer>;
}

export async function createDownloadHarness(): Promise<DownloadHarness> {
  const server = await startObjectServer();
  const agent = new Agent();
  let count = 0;
  const stream = (url: URL, changes: Partial<DownloadOptions> = {}): AsyncGenerator<Buffer> =>
    download({
      url,
      transport: undiciTransport(agent),
      missing: 'SnapshotNotFound',
      clock: systemClock,
      random: systemRandom,
      retry: { tries: 5, baseMs: 5, maxMs: 2000 },
      // A busy machine is no silent server.
      silence: { ms: 20_000, bytes: 1000 },
      signal: new AbortController().signal,
      tuning: oneConnection,
      onProgress: () => undefined,
      ...changes,
    });
  return {
    server,
    stream,
    put(object = {}) {
      count += 1;
      return server.put(`/bucket/object-${count}`, { content, ...object });
    },
    async downloaded(url, changes) {
      const out: Buffer[] = [];
      for await (const chunk of stream(url, changes)) out.push(Buffer.from(chunk));
      return Buffer.concat(out);
    },
    [Symbol.asyncDispose]: async () => {
      await agent.destroy();
      await server.stop();
    },
  };
}
