/** Restores inside the real sandbox: runc, the user namespace and the four capabilities of a run. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { ContentError } from '../../src/api/errors.ts';
import type { IdMapping } from '../../src/api/protocol.ts';
import { createSandboxHarness, type SandboxHarness } from '../init/support/sandbox-harness.ts';

export interface SandboxedRestore {
  readonly url: URL;
  readonly idMappings: readonly IdMapping[];
}

/** A program for the sandbox that restores one archive; what it throws, or got, is its error text. */
const program = ({ url, idMappings }: SandboxedRestore): string => `
import { writeSync } from 'node:fs';
import { Agent } from 'undici';
import { undiciTransport } from './download/transport.ts';
import { restoreArchive } from './restore.ts';

let message;
try {
  message = await restoreArchive({
    url: new URL(${JSON.stringify(url.href)}),
    idMappings: ${JSON.stringify(idMappings)},
    missing: 'SnapshotNotFound',
    destination: '/dst',
    uid: 33333,
    gid: 33333,
    signal: new AbortController().signal,
    transport: undiciTransport(new Agent()),
  });
} catch (error) {
  message = { reason: error.reason, message: error.message };
}
writeSync(3, JSON.stringify({ reason: 'InternalError', message: JSON.stringify(message) }));
process.exit(42);
`;

export interface ArchiveSandbox extends AsyncDisposable {
  readonly harness: SandboxHarness;
  /** Restores into a fresh directory of a resource, as its run would; answers what the child says. */
  restore(what: SandboxedRestore): Promise<{ where: string; result: unknown }>;
}

export async function createArchiveSandbox(): Promise<ArchiveSandbox> {
  const harness = await createSandboxHarness();
  const resolveDir = fileURLToPath(new URL('../../src/child/archive', import.meta.url));
  let made = 0;
  return {
    harness,
    async restore(what) {
      const { outputFiles } = await build({
        stdin: { contents: program(what), resolveDir, loader: 'ts' },
        bundle: true,
        platform: 'node',
        format: 'esm',
        write: false,
        banner: {
          js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
        },
      });
      await harness.child(outputFiles[0]?.text ?? '');
      made += 1;
      const where = await harness.destination(`content-${made}`);
      const failure = await harness.run({ destination: where }).catch((error: unknown) => error);
      if (!(failure instanceof ContentError) || failure.reason !== 'InternalError') throw failure;
      return { where, result: JSON.parse(failure.message) as unknown };
    },
    [Symbol.asyncDispose]: async () => await harness[Symbol.asyncDispose](),
  };
}
