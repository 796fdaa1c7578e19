/** What daemons may not leave behind on the node. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupsNamed, findProcesses, mountsUnder } from '../support/leftovers.ts';

/** Finds what is left of a node in this folder once its daemon has ended, in words. */
export async function findLeftovers(folder: string, uids: readonly string[]): Promise<string[]> {
  const state = join(folder, 'state');
  const [processes, sandboxed, mounts, cgroups, bundles, containers, journal] = await Promise.all([
    // The shell that removes the folder after a crash of this process names it without the slash.
    findProcesses(`${folder}/`),
    findSandboxed(folder),
    mountsUnder(folder),
    cgroupsNamed('wsc-'),
    namesIn(join(state, 'bundles')),
    namesIn(join(state, 'runc')),
    namesIn(join(state, 'journal')),
  ]);
  // Other daemons of this machine have cgroups of their own.
  const ours = cgroups.filter((path) => uids.some((uid) => path.endsWith(uid)));
  return [
    ...processes.map(({ pid, commandLine }) => `process ${pid}: ${commandLine}`),
    ...sandboxed.map((pid) => `process ${pid} in a sandbox`),
    ...mounts.map((path) => `mount ${path}`),
    ...ours.map((path) => `cgroup ${path}`),
    ...bundles.map((name) => `bundle ${name}`),
    ...containers.map((name) => `container ${name}`),
    ...journal.filter((name) => !name.endsWith('.json')).map((name) => `journal file ${name}`),
  ];
}

/** Processes with a mount of something of the folder, wherever: their command lines name nothing of it. */
async function findSandboxed(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: number[] = [];
  for (const pid of pids) {
    const mounts = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
    if (mounts.includes(folder)) found.push(pid);
  }
  return found;
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}
