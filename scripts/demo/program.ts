import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A program in the background whose output goes to a file. */
export interface Program {
  readonly pid: number;
  readonly running: boolean;
  /** The last lines of its output. */
  logTail(lines?: number): Promise<string>;
  /** Asks it to end, by force when it has not after `graceMs`; returns its exit code, null after a signal. */
  stop(graceMs?: number): Promise<number | null>;
  /** Sends it a signal, at once. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
  /** Resolves when it is gone. */
  readonly ended: Promise<void>;
}

interface ProgramOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Path of the file. */
  readonly log: string;
}

/** It never outlives this process, and Ctrl-C in a terminal does not reach it before `stop` does. */
export function startProgram(
  file: string,
  args: readonly string[],
  { env, log }: ProgramOptions,
): Program {
  const output = openSync(log, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', file, ...args], {
    env,
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  child.on('error', () => undefined);
  const ended =
    child.pid === undefined ? Promise.resolve() : once(child, 'exit').then(() => undefined);
  return {
    pid: child.pid ?? -1,
    ended,
    signal: (name) => {
      child.kill(name);
    },
    get running() {
      return !hasEnded(child);
    },
    async logTail(lines = 20) {
      const text = await readFile(log, 'utf8').catch(() => '');
      return text.trimEnd().split('\n').slice(-lines).join('\n');
    },
    async stop(graceMs = 15_000) {
      if (!hasEnded(child)) {
        child.kill('SIGTERM');
        await Promise.race([ended, delay(graceMs, undefined, { ref: false })]);
        if (!hasEnded(child)) child.kill('SIGKILL');
        if (!hasEnded(child)) await ended;
      }
      return child.exitCode;
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
