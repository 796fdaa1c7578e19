import { ContentError, explain } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import type { Command, Context } from './command.ts';
import { controllerCommand } from './commands/controller.ts';
import { runCommand } from './commands/run.ts';
import { validateCommand } from './commands/validate.ts';
import { commandHelp, programHelp } from './help.ts';
import { exitCodes, InputError, SetupError, UsageError } from './problems.ts';
import { version } from './version.ts';

const commands: readonly Command[] = [controllerCommand, runCommand, validateCommand];

/** Does what the arguments (without the program's own name) ask for and returns the exit code. */
export async function runProgram(args: readonly string[], context: Context): Promise<number> {
  const { stdout, stderr } = context;
  const [first, ...rest] = args;
  try {
    if (first === undefined) {
      stderr.write(programHelp(commands));
      return exitCodes.invalid;
    }
    if (first === '--version') {
      stdout.write(`${version}\n`);
      return exitCodes.success;
    }
    if (['help', '--help', '-h'].includes(first)) {
      const name = rest.find((word) => !word.startsWith('-') && word !== 'help');
      stdout.write(name === undefined ? programHelp(commands) : commandHelp(findCommand(name)));
      return exitCodes.success;
    }
    const command = findCommand(first);
    const exitCode = await command.start(rest, context);
    if (exitCode === undefined) stdout.write(commandHelp(command));
    return exitCode ?? exitCodes.success;
  } catch (error) {
    return report(error, args, context);
  }
}

function findCommand(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const kind = name.startsWith('-') ? 'flag' : 'command';
  const meant = nearest(name, [
    ...commands.map((known) => known.name),
    'help',
    '--help',
    '--version',
  ]);
  throw new UsageError(
    `unknown ${kind} ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
  );
}

function report(error: unknown, args: readonly string[], { stderr }: Context): number {
  if (error instanceof UsageError || error instanceof InputError) {
    stderr.write(`${indentRest(`wscontent: ${error.message}`)}\n`);
    if (error instanceof UsageError) {
      const name = commands.find((command) => command.name === args[0])?.name;
      stderr.write(`Try: wscontent help${name === undefined ? '' : ` ${name}`}\n`);
    }
    return exitCodes.invalid;
  }
  if (error instanceof SetupError) {
    stderr.write(`${indentRest(`wscontent: ${error.message}`)}\n`);
    return exitCodes.failure;
  }
  if (error instanceof ContentError) {
    stderr.write(`wscontent: ${error.reason}: ${explain(error)}\n`);
    return exitCodes.failure;
  }
  throw error;
}

function indentRest(text: string): string {
  return text.replaceAll('\n', '\n  ');
}
