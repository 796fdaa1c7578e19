/** A whole restore: from a server to a directory, and what stops it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { Agent } from 'undici';
import { type ArchiveLimits, defaultArchiveLimits } from '../../../src/child/archive/limits.ts';
import {
  defaultTuning,
  type DownloadProgress,
} from '../../../src/child/archive/download/download.ts';
import { undiciTransport } from '../../../src/child/archive/download/transport.ts';
import { base256, pax, rawArchive, type RawEntry } from '../../support/archive-maker.ts';
import {
  createRestoreHarness,
  listTree,
  transportOf,
  type RestoreHarness,
} from '../../support/archive-restore.ts';
import { type ObjectServer, startObjectServer } from '../../support/archive-server.ts';
import { findProcesses } from '../../support/leftovers.ts';
import { waitFor } from '../../support/wait.ts';
import { isContentError } from '../../init/support/content-error.ts';

let harness: RestoreHarness;
let server: ObjectServer;
let agent: Agent;
before(async () => {
  harness = await createRestoreHarness();
  server = await startObjectServer();
  agent = new Agent();
});
after(async () => {
  await agent.destroy();
  await server.stop();
  await harness[Symbol.asyncDispose]();
});

const files = (count: number, bytes: number): RawEntry[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `dir-${index % 10}/file-${index}`,
    payload: randomBytes(bytes),
  }));

describe('from a server', () => {
  const content = rawArchive(...files(400, 20_000));
  const fromServer = (url: URL) => ({ url, transport: undiciTransport(agent) });

  for (const [name, stored] of Object.entries({ tar: content, 'tar.gz': gzipSync(content) })) {
    test(`${name} by many connections, each of which drops`, async () => {
      const seen = new Set<number>();
      const url = server.put(`/${name}`, {
        content: stored,
        bytesPerSecond: 10_000_000,
        misbehave: ({ start, hasRange }) => {
          if (!hasRange || seen.has(start)) return undefined;
          seen.add(start);
          return { dropAfter: 50_000 };
        },
      });
      const progress: DownloadProgress[] = [];
      const { where, entries, bytes } = await harness.restore(Buffer.alloc(0), {
        ...fromServer(url),
        retry: { tries: 5, baseMs: 5, maxMs: 100 },
        tuning: { ...defaultTuning, partBytes: 500_000, windowMs: 0, waitingShare: 0.01 },
        onProgress: (now) => progress.push(now),
      });
      assert.equal(entries, 400);
      assert.equal(bytes, 400 * 20_000);
      assert.equal((await listTree(where)).length, 400 + 10 + 1);
      assert.ok(seen.size > 5, `${seen.size} parts`);
      assert.deepEqual(progress.at(-1), { bytes: stored.length, totalBytes: stored.length });
      const untarred = harness.temp.join(`reference-${name}`);
      await mkdir(untarred);
      await execa('tar', ['-C', untarred, '-xf', '-'], { input: content });
      await execa('diff', ['-r', untarred, where]);
    });
  }

  test('what is not there is what the caller says', async () => {
    const changes = {
      ...fromServer(new URL(`${server.url}/nothing`)),
      missing: 'BackupNotFound' as const,
    };
    await assert.rejects(
      harness.restore(content, changes),
      isContentError('BackupNotFound', /404/),
    );
  });
});

describe('a digest', () => {
  const content = rawArchive({ name: 'a', payload: 'x' });
  const digestOf = (bytes: Buffer) =>
    ({ algorithm: 'sha256', hex: createHash('sha256').update(bytes).digest('hex') }) as const;

  test('that is right lets the archive through', async () => {
    assert.equal((await harness.restore(content, { digest: digestOf(content) })).entries, 1);
  });
  test('is that of the archive as it is stored', async () => {
    const stored = gzipSync(content);
    assert.equal((await harness.restore(stored, { digest: digestOf(stored) })).entries, 1);
  });
  test('that is wrong is an error', async () => {
    await assert.rejects(
      harness.restore(content, { digest: digestOf(Buffer.from('other')) }),
      isContentError('DigestMismatch', /sha256:/),
    );
  });
});

describe('a limit on', () => {
  const limited: Record<string, readonly [Partial<ArchiveLimits>, RawEntry[], RegExp]> = {
    bytes: [{ bytes: 1000 }, files(3, 400), /more than the 1000 bytes/],
    'bytes of sparse files': [
      { bytes: 1000 },
      [pax({ 'GNU.sparse.map': '0,1', 'GNU.sparse.size': '1001' }), { name: 'x', payload: 'x' }],
      /more than the 1000 bytes/,
    ],
    'bytes that were announced': [
      { bytes: 2 ** 40 },
      [{ name: 'x', size: base256(2 ** 41, 12) }],
      /more than the 1099511627776 bytes/,
    ],
    entries: [{ entries: 2 }, files(3, 1), /more than the 2 entries/],
    'symbolic links': [
      { symbolicLinks: 1 },
      ['a', 'b'].map((name) => ({ name, type: '2', link: 'x' })),
      /more than the 1 symbolic links/,
    ],
    depth: [{ pathDepth: 3 }, [{ name: 'a/b/c/d' }], /"a\/b\/c\/d" is 4 levels deep; 3 are/],
    'the length of names': [{ pathBytes: 10 }, [{ name: 'a'.repeat(11) }], /has 11 bytes; 10 are/],
    'the length of targets': [
      { pathBytes: 10 },
      [{ name: 'a', type: '2', link: 'x'.repeat(11) }],
      /target of the link "a" has more than the 10 bytes/,
    ],
    'the length of parts of names': [
      {},
      [pax({ path: 'a'.repeat(256) }), {}],
      /255 bytes that file/,
    ],
    'extended headers': [
      { extendedHeaderBytes: 100 },
      [pax({ comment: 'x'.repeat(101) }), {}],
      /an extended header has 114 bytes/,
    ],
  };
  for (const [what, [limits, entries, message]] of Object.entries(limited)) {
    test(`${what} is an error of its own`, async () => {
      await assert.rejects(
        harness.restore(rawArchive(...entries), { limits: { ...defaultArchiveLimits, ...limits } }),
        isContentError('LimitExceeded', message),
      );
    });
  }
});

test('a full disk is an error of its own, at once', async () => {
  const small = harness.temp.join('small');
  await mkdir(small);
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=1m,uid=33333,gid=33333', 'tmpfs', small]);
  try {
    let asked = 0;
    const content = rawArchive(...files(2000, 10_000));
    const counting = transportOf(content);
    await assert.rejects(
      harness.restore(content, {
        destination: small,
        transport: counting,
        onProgress: ({ bytes }) => (asked = bytes),
      }),
      isContentError('DestinationFull', /No space left on device/),
    );
    assert.ok(asked < content.length, 'the rest of the archive was not fetched');
  } finally {
    await execa('umount', [small]);
  }
});

test('an abort ends it, and leaves no process and no connection', async () => {
  const destination = await harness.destination();
  const content = gzipSync(rawArchive(...files(300, 100_000)));
  const url = server.put('/endless', { content, misbehave: () => ({ silentAfter: 5_000_000 }) });
  const stop = new AbortController();
  const restoring = harness.restore(Buffer.alloc(0), {
    url,
    destination,
    transport: undiciTransport(agent),
    signal: stop.signal,
  });
  const ended = assert.rejects(restoring, /no longer wanted/);
  await waitFor('the first files', async () => (await listTree(destination)).length > 20);
  stop.abort(new Error('no longer wanted'));
  await ended;
  assert.deepEqual(await findProcesses(destination), []);
  await waitFor('the connection to end', () => server.connections.open === 0);
});

test('without GNU tar it says so', async () => {
  const without = ((_: string, ...rest: [string[], object]) =>
    spawn('no-such-tar', ...rest)) as typeof spawn;
  await assert.rejects(
    harness.restore(rawArchive({ name: 'a' }), { spawn: without }),
    isContentError('InternalError', /GNU tar could not be started/),
  );
});

test('what GNU tar says is in the error', async () => {
  const destination = await harness.destination();
  await mkdir(`${destination}/a/b`, { recursive: true });
  await assert.rejects(
    harness.restore(rawArchive({ name: 'a', payload: 'x' }), { destination }),
    isContentError('DestinationFailed', /a: Cannot open: (?:File exists|Is a directory)/),
  );
});
