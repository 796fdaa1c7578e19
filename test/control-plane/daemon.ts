import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** A long-running program whose output goes to a file and that never outlives this process. */
export interface Daemon {
  readonly name: string;
  readonly pid: number;
  readonly running: boolean;
  /** The last lines of its log, under a heading. */
  logTail(lines?: number): Promise<string>;
  /** Waits until it is gone. */
  kill(): Promise<void>;
}

export function startDaemon(
  program: string,
  args: string[],
  name: string,
  log: string,
  env: NodeJS.ProcessEnv = process.env,
): Daemon {
  const output = openSync(log, 'a');
  // The kernel sends KILL when this process dies, whatever the reason. A session of its own keeps Ctrl-C in a
  // terminal from reaching it before its turn.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], {
    stdio: ['ignore', output, output],
    env,
    detached: true,
  });
  closeSync(output);
  // A forgotten `kill` must not keep this process alive: its end is the daemon's end.
  child.unref();
  // A program that cannot start has no pid; the exit below tells the rest.
  child.on('error', () => undefined);
  const ended = hasEnded(child) ? Promise.resolve() : once(child, 'exit').then(() => undefined);

  return {
    name,
    pid: child.pid ?? -1,
    get running() {
      return !hasEnded(child);
    },
    async logTail(lines = 20) {
      const text = await readFile(log, 'utf8').catch(() => '(no log)');
      return `${name} said last:\n${text.trimEnd().split('\n').slice(-lines).join('\n')}`;
    },
    async kill() {
      if (hasEnded(child)) return;
      child.ref();
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
