/** Help texts, made from the commands' own tables. */
import type { CommandInfo } from './command.ts';
import type { Flag } from './flags.ts';

const width = 80;

export function programHelp(commands: readonly CommandInfo[]): string {
  const rows = [
    ...commands.map(({ name, summary }): [string, string] => [name, summary]),
    ['help [COMMAND]', 'Tell about the program or a command.'] as [string, string],
  ];
  return lines(
    'Fills directories on Kubernetes nodes with content: git checkouts, downloaded files',
    'and more, as WorkspaceContent resources ask for it.',
    '',
    'Usage: wscontent COMMAND [FLAGS]',
    '',
    'Commands:',
    ...columns(rows),
    '',
    'Flags:',
    ...columns([
      ['-h, --help', 'Tell about the program, or behind a command about that.'],
      ['--version', 'Print the version.'],
    ]),
    '',
    'Exit codes: 0 all went well, 1 it failed, 2 the command line or the input is invalid.',
  );
}

export function commandHelp({ name, description, flags, examples }: CommandInfo): string {
  const table = Object.values(flags);
  const required = table.filter((flag) => flag.required === true);
  const usage = ['wscontent', name, ...required.map(shortForm), '[FLAGS]'].join(' ');
  return lines(
    `Usage: ${usage}`,
    '',
    ...description.flatMap((paragraph) => [...wrap(paragraph, width), '']),
    'Flags:',
    ...columns([
      ...table.map((flag): [string, string] => [longForm(flag), describeFlag(flag)]),
      ['-h, --help', 'This text.'],
    ]),
    '',
    'Examples:',
    ...examples.map((example) => `  ${example}`),
  );
}

function shortForm({ name, short, value }: Flag<unknown>): string {
  return `${short === undefined ? `--${name}` : `-${short}`} ${value}`;
}

function longForm({ name, short, value }: Flag<unknown>): string {
  return `${short === undefined ? '    ' : `-${short}, `}--${name} ${value}`;
}

function describeFlag({ description, env, required, ...flag }: Flag<unknown>): string {
  const notes = [
    required === true ? 'Required' : '',
    flag.default === undefined ? '' : `Default: ${flag.default}`,
    env === undefined ? '' : `Environment: ${env.join(', ')}`,
  ].filter((note) => note !== '');
  return [description, ...notes].join('\n');
}

/** Two columns; a left side that is too long for its column has a line of its own. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.min(24, Math.max(...rows.map(([name]) => name.length)) + 2);
  return rows.flatMap(([name, text]) => {
    const wrapped = text.split('\n').flatMap((part) => wrap(part, width - left - 2));
    const first = name.length + 2 > left ? [name] : [];
    const body = wrapped.map(
      (line, index) => (first.length === 0 && index === 0 ? name : '').padEnd(left) + line,
    );
    return [...first, ...body].map((line) => `  ${line}`);
  });
}

function wrap(text: string, columnsWide: number): string[] {
  const wrapped: string[] = [];
  for (const word of text.split(' ')) {
    const line = wrapped.at(-1);
    if (line === undefined || line.length + 1 + word.length > columnsWide) wrapped.push(word);
    else wrapped[wrapped.length - 1] = `${line} ${word}`;
  }
  return wrapped;
}

function lines(...parts: string[]): string {
  return `${parts.join('\n')}\n`;
}
