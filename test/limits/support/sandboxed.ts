import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupsNamed } from '../../support/leftovers.ts';
import { waitFor } from '../../support/wait.ts';

interface Sandboxed {
  readonly pid: number;
  readonly commandLine: string;
}

/** The processes in the sandbox of a resource. */
async function sandboxed(uid: string): Promise<Sandboxed[]> {
  const pids = new Set<string>();
  for (const directory of await cgroupsNamed(uid)) {
    const text = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '');
    for (const pid of text.split('\n')) if (pid !== '') pids.add(pid);
  }
  const found: Sandboxed[] = [];
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    found.push({ pid: Number(pid), commandLine: text.replaceAll('\0', ' ').trim() });
  }
  return found;
}

/** Waits until a program is at work in the sandbox of a resource, and answers its process. */
export async function untilAtWork(uid: string, program: RegExp): Promise<number> {
  return await waitFor(
    `${String(program)} in the sandbox`,
    async () => (await sandboxed(uid)).find(({ commandLine }) => program.test(commandLine))?.pid,
    { timeoutMs: 60_000, intervalMs: 10 },
  );
}
