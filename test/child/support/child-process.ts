import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import type {
  ContentFailure,
  ContentProgress,
  ContentReport,
  ContentRequest,
} from '../../../src/api/protocol.ts';
import { ownProgram, programForEverybody } from './program.ts';

export interface ChildOutcome {
  readonly exitCode: number | null;
  /** What came on fd 3. */
  readonly failure: ContentFailure | undefined;
  /** What came on fd 4. */
  readonly report: ContentReport | undefined;
  /** What came on fd 5. */
  readonly progress: readonly ContentProgress[];
  /** All that was said anywhere, to look for secrets in. */
  readonly everything: string;
}

export interface ChildProcessOptions {
  readonly env?: Record<string, string>;
  /** User and group to run as. */
  readonly uid?: number;
  /** Called once it runs. */
  readonly started?: (child: ChildProcess) => void;
}

/** Runs the program as the sandbox does, without a sandbox. `request` may be raw text. */
export async function runChildProcess(
  request: ContentRequest | string,
  options: ChildProcessOptions = {},
): Promise<ChildOutcome> {
  const { env = {}, uid, started } = options;
  await using program = uid === undefined ? ownProgram : await programForEverybody();
  const child = spawn(program.node, [program.main], {
    cwd: '/',
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const [, stdout, stderr, error, metrics, progress] = child.stdio.map(
    async (stream) => await text((stream ?? []) as Readable),
  );
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(typeof request === 'string' ? request : JSON.stringify(request));
  started?.(child);
  const [exitCode] = (await once(child, 'close')) as [number | null];

  const said = await Promise.all([stdout, stderr, error, metrics, progress]);
  const [, , failureText = '', reportText = '', progressText = ''] = said;
  return {
    exitCode,
    failure: parse(failureText) as ContentFailure | undefined,
    report: parse(reportText) as ContentReport | undefined,
    progress: (progressText ?? '')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as ContentProgress),
    everything: said.join('\n'),
  };
}

function parse(json: string): unknown {
  return json === '' ? undefined : JSON.parse(json);
}
