import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface FoundProcess {
  pid: number;
  commandLine: string;
}

/** Processes whose command line or environment holds the marker; this one and its ancestors are left out. */
export async function findProcesses(marker: string): Promise<FoundProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const own = await ancestors(process.pid);
  const found: FoundProcess[] = [];
  for (const pid of pids) {
    if (own.has(pid)) continue;
    const commandLine = (await readProc(pid, 'cmdline')).replaceAll('\0', ' ').trim();
    const environment = await readProc(pid, 'environ');
    if (`${commandLine}\0${environment}`.includes(marker)) found.push({ pid, commandLine });
  }
  return found;
}

/** Mount points at the path or below it, as this process's mount namespace has them. */
export async function mountsUnder(path: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return lines
    .map((line) => unescapeMount(line.split(' ')[4] ?? ''))
    .filter((target) => target === path || target.startsWith(`${path}/`));
}

/** Folders of any cgroup hierarchy, of version 1 or 2, whose own name holds the given text. */
export async function cgroupsNamed(name: string): Promise<string[]> {
  const entries = await readdir('/sys/fs/cgroup', { recursive: true, withFileTypes: true }).catch(
    () => [],
  );
  return entries
    .filter((entry) => entry.isDirectory() && entry.name.includes(name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Regular files below the folder whose content or name holds the marker; unreadable ones are passed over. */
export async function filesContaining(folder: string, marker: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.name.includes(marker)) {
      found.push(path);
    } else if (entry.isFile()) {
      const content = await readFile(path).catch(() => Buffer.alloc(0));
      if (content.includes(marker)) found.push(path);
    }
  }
  return found;
}

async function ancestors(start: number): Promise<Set<number>> {
  const pids = new Set<number>();
  for (let pid = start; pid > 0 && !pids.has(pid);) {
    pids.add(pid);
    pid = Number(/^PPid:\s+(\d+)$/m.exec(await readProc(pid, 'status'))?.[1] ?? 0);
  }
  return pids;
}

/** Empty when the process is gone or not ours to look at. */
async function readProc(pid: number, file: string): Promise<string> {
  return await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
}

/** mountinfo writes blanks and backslashes as octal escapes. */
function unescapeMount(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
