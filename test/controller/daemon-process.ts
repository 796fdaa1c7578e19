import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface DaemonOptions {
  /** Holds data/ and state/. */
  readonly folder: string;
  readonly kubeconfig: string;
  readonly nodeName: string;
}

export interface DaemonProcess extends AsyncDisposable {
  readonly pid: number;
  /** All that it wrote so far. */
  readonly output: () => string;
  /** Waits for the end; returns the exit code, or the name of the signal that ended it. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string>;
}

const program = join(import.meta.dirname, '../../src/cli/main.ts');

/** `wscontent controller` as a process of its own, as it runs in production. */
export function startDaemonProcess({ folder, kubeconfig, nodeName }: DaemonOptions): DaemonProcess {
  const flags = {
    'node-name': nodeName,
    'data-root': join(folder, 'data'),
    'state-dir': join(folder, 'state'),
    'metrics-address': '127.0.0.1:0',
    kubeconfig,
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  // It may not outlive this process, however that ends.
  const guard = ['--pdeathsig', 'KILL', '--', process.execPath];
  const child = spawn('setpriv', [...guard, program, 'controller', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  const kill = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string> => {
    child.kill(signal);
    const [code, name] = await ended;
    return code ?? name ?? 'unknown';
  };
  return {
    pid: child.pid ?? -1,
    output: () => output,
    kill,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await kill('SIGTERM');
    },
  };
}
