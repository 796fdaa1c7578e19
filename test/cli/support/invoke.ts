import { EventEmitter } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { runProgram } from '../../../src/cli/program.ts';

export interface Invocation {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface InvokeOptions {
  readonly stdin?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signals?: EventEmitter;
}

/** Runs the program inside of this process, with its streams in memory. */
export async function invoke(
  args: readonly string[],
  options: InvokeOptions = {},
): Promise<Invocation> {
  const { stdin = '', env = {}, signals = new EventEmitter() } = options;
  const [stdout, stderr] = [new Collector(), new Collector()];
  const input = Readable.from([Buffer.from(stdin)]);
  const exitCode = await runProgram(args, { env, stdin: input, stdout, stderr, signals });
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

/** Keeps what is written to it. */
export class Collector extends Writable {
  readonly isTTY: boolean;
  text = '';

  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}
