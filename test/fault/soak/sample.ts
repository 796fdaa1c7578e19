/** What the daemon takes of the node at one moment. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeDaemon } from '../../../scripts/demo/cluster.ts';
import { cgroupsNamed, findProcesses, mountsUnder } from '../../support/leftovers.ts';

export interface Sample {
  readonly residentBytes: number;
  readonly fileDescriptors: number;
  /** Beside the daemon itself. */
  readonly processes: number;
  readonly mounts: number;
  readonly cgroups: number;
  /** Bundles, containers of runc, and temporary files in the state directory. */
  readonly stateFiles: number;
  readonly journalFiles: number;
}

export async function takeSample(
  { program: { pid }, folder }: Pick<NodeDaemon, 'program' | 'folder'>,
  uids: readonly string[],
): Promise<Sample> {
  const state = join(folder, 'state');
  const [status, descriptors, processes, mounts, cgroups, bundles, containers, journal] =
    await Promise.all([
      readFile(`/proc/${pid}/status`, 'utf8'),
      readdir(`/proc/${pid}/fd`),
      findProcesses(`${folder}/`),
      mountsUnder(folder),
      cgroupsNamed('wsc-'),
      ...['bundles', 'runc', 'journal'].map(async (name) => await namesIn(join(state, name))),
    ]);
  const entries = (journal ?? []).filter((name) => name.endsWith('.json'));
  return {
    residentBytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024,
    fileDescriptors: descriptors.length,
    processes: processes.filter((found) => found.pid !== pid).length,
    mounts: mounts.length,
    cgroups: cgroups.filter((path) => uids.some((uid) => path.endsWith(uid))).length,
    stateFiles:
      (bundles ?? []).length + (containers ?? []).length + (journal ?? []).length - entries.length,
    journalFiles: entries.length,
  };
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}
