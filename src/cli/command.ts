import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { parseFlags, type Flags, type FlagValues } from './flags.ts';

/** The world around a command, handed in. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Emits SIGINT and SIGTERM, as the process does. */
  readonly signals: EventEmitter;
}

export interface Output extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What help tells about a command. */
export interface CommandInfo<F extends Flags = Flags> {
  readonly name: string;
  /** A line for the list of commands. */
  readonly summary: string;
  /** Paragraphs. */
  readonly description: readonly string[];
  readonly flags: F;
  /** Lines of shell. */
  readonly examples: readonly string[];
}

export interface Command extends CommandInfo {
  /** Returns the exit code; undefined when help is asked for. Throws UsageError, InputError, ContentError. */
  start(args: readonly string[], context: Context): Promise<number | undefined>;
}

export type Implementation<F extends Flags> = (
  values: FlagValues<F>,
  context: Context,
) => Promise<number>;

/** Ties a command's flags to what gets their values, which is loaded only when it is called. */
export function defineCommand<const F extends Flags>(
  info: CommandInfo<F>,
  load: () => Promise<Implementation<NoInfer<F>>>,
): Command {
  return {
    ...info,
    async start(args, context) {
      const values = parseFlags(info.flags, args, context.env);
      if (values === 'help') return undefined;
      const run = await load();
      return await run(values, context);
    },
  };
}
