/** Who may use a state directory: one daemon, and runs of `wscontent run` beside it. */
import { open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isRecord } from '../api/record.ts';
import { lock } from './file-lock.ts';

/** A daemon that was killed a moment ago may not have come to its end. */
const patienceSeconds = 1;

/** Of the daemon's file; a longer one is none of ours. */
const longest = 4096;

/**
 * Makes this process the one daemon of a state directory, which has to be there, until it is disposed
 * of or the process ends. Throws an error for people that names the daemon which it belongs to.
 */
export async function lockStateDir(stateDir: string, now: number): Promise<AsyncDisposable> {
  const handle = await open(join(stateDir, 'lock'), 'a+', 0o600);
  try {
    if (!(await lock(handle, 'exclusive', patienceSeconds))) {
      const text = Buffer.alloc(longest);
      const { bytesRead } = await handle.read(text, 0, longest, 0);
      const holder = describeHolder(text.toString('utf8', 0, bytesRead));
      throw new Error(
        `the state directory ${stateDir} is in use by another daemon (${holder}): stop that one, or give this one a --state-dir and a --data-root of its own`,
      );
    }
    const holder = { pid: process.pid, host: hostname(), since: new Date(now).toISOString() };
    await handle.truncate();
    await handle.write(`${JSON.stringify(holder)}\n`);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Keeps the daemon from taking what a run beside it has in the state directory for the remains of
 * one that is gone, until it is disposed of. Throws the signal's reason when that is aborted.
 */
export async function shareStateDir(
  stateDir: string,
  signal?: AbortSignal,
): Promise<AsyncDisposable> {
  const handle = await open(stateDir);
  try {
    // Whoever has it alone removes remains, which takes a moment.
    if (await lock(handle, 'shared', 60, signal)) return handle;
    throw new Error(`the state directory ${stateDir} is being cleaned up; try it again`);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Does something while no run has anything in the state directory; answers false when one has. */
export async function whileUnshared(stateDir: string, act: () => Promise<void>): Promise<boolean> {
  await using handle = await open(stateDir);
  if (!(await lock(handle, 'exclusive'))) return false;
  await act();
  return true;
}

/** The words of a process of another pid namespace, perhaps: they are for people only. */
function describeHolder(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value)) return 'which did not say who it is';
    return `process ${String(value['pid'])} on ${String(value['host'])} since ${String(value['since'])}`;
  } catch {
    return 'which did not say who it is';
  }
}
