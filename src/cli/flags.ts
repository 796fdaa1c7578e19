/** A command line's flags as a table: parsing, environment, defaults and help all come from it. */
import { parseArgs } from 'node:util';
import { nearest } from '../api/nearest.ts';
import { UsageError } from './problems.ts';

export interface Flag<T> {
  /** As it stands behind `--`. */
  readonly name: string;
  /** One letter, as it stands behind `-`. */
  readonly short?: string;
  /** What stands for the value in the help, such as DIR. */
  readonly value: string;
  readonly description: string;
  /** Environment variables that set it; a flag goes before them, an earlier one before a later one. */
  readonly env?: readonly string[];
  /** In the form that a user would write. */
  readonly default?: string;
  /** A flag without a default that must be given nevertheless. */
  readonly required?: true;
  /** Throws a TypeError that says which form the value has, such as `must be a whole number`. */
  readonly parse: (text: string) => T;
}

export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** The parsed values, by the keys of the table. */
export type FlagValues<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends { default: string } | { required: true }
    ? ReturnType<F[K]['parse']>
    : ReturnType<F[K]['parse']> | undefined;
};

/**
 * Reads a command's arguments. Throws UsageError that names the flag or the variable and the form it
 * should have. With `--help` among them the answer is `help`, and nothing else is looked at.
 */
export function parseFlags<F extends Flags>(
  flags: F,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): FlagValues<F> | 'help' {
  const given = tokenize(flags, args);
  if (given === 'help') return 'help';
  const values: Record<string, unknown> = {};
  const missing: string[] = [];
  for (const [key, flag] of Object.entries(flags)) {
    const source = given.get(flag.name) ?? fromEnvironment(flag, env) ?? fromDefault(flag);
    if (source === undefined) {
      if (flag.required === true) missing.push(describeMissing(flag));
    } else {
      values[key] = parseValue(flag, source);
    }
  }
  if (missing.length > 0) throw new UsageError(missing.join('\n'));
  return values as FlagValues<F>;
}

/** Where a value comes from, as an error names it, and the value itself. */
interface Source {
  readonly name: string;
  readonly text: string;
}

function tokenize(flags: Flags, args: readonly string[]): Map<string, Source> | 'help' {
  const table = Object.values(flags);
  const { tokens } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h' },
      ...Object.fromEntries(
        table.map(({ name, short }) => [
          name,
          { type: 'string' as const, ...(short === undefined ? {} : { short }) },
        ]),
      ),
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const isHelp = (token: (typeof tokens)[number]): boolean =>
    token.kind === 'option' && token.name === 'help';
  if (tokens.some(isHelp)) return 'help';

  const given = new Map<string, Source>();
  for (const token of tokens) {
    if (token.kind === 'positional') throw unexpectedArgument(flags, token.value);
    if (token.kind !== 'option') continue;
    const flag = table.find(({ name }) => name === token.name);
    if (flag === undefined) throw unknownFlag(table, token.rawName);
    if (token.value === undefined || (!token.inlineValue && /^-./.test(token.value))) {
      throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${flag.value}`);
    }
    if (given.has(flag.name)) throw new UsageError(`${token.rawName} is given more than once`);
    given.set(flag.name, { name: token.rawName, text: token.value });
  }
  return given;
}

function fromEnvironment(flag: Flag<unknown>, env: NodeJS.ProcessEnv): Source | undefined {
  const name = flag.env?.find((variable) => (env[variable] ?? '') !== '');
  return name === undefined ? undefined : { name, text: env[name] ?? '' };
}

function fromDefault(flag: Flag<unknown>): Source | undefined {
  return flag.default === undefined ? undefined : { name: `--${flag.name}`, text: flag.default };
}

function parseValue(flag: Flag<unknown>, { name, text }: Source): unknown {
  try {
    return flag.parse(text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`${name} ${error.message}, not ${JSON.stringify(text)}`);
  }
}

function describeMissing({ name, short, value, env }: Flag<unknown>): string {
  const flag = short === undefined ? `--${name}` : `-${short}`;
  const or = env?.[0] === undefined ? '' : ` (or the environment variable ${env[0]})`;
  return `${flag} ${value} is missing${or}`;
}

function unexpectedArgument(flags: Flags, text: string): UsageError {
  const hint = 'file' in flags ? `; a file is given as -f ${text}` : '';
  return new UsageError(`unexpected argument ${JSON.stringify(text)}${hint}`);
}

function unknownFlag(table: readonly Flag<unknown>[], rawName: string): UsageError {
  const names = ['help', ...table.map(({ name }) => name)];
  const meant = nearest(rawName.replace(/^-+/, ''), names);
  const hint = meant === undefined ? '' : `; did you mean --${meant}?`;
  return new UsageError(`unknown flag ${rawName}${hint}`);
}
