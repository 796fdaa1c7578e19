/** This process's mount table: /proc/self/mountinfo. */
import { readFile } from 'node:fs/promises';

export interface MountPoint {
  readonly path: string;
  /** Of this mount, such as nosuid, noexec. */
  readonly options: readonly string[];
  readonly type: string;
  /** Which part of the file system is mounted here. */
  readonly root: string;
  /** Of the file system; names a cgroup hierarchy's controllers. */
  readonly superOptions: readonly string[];
}

export async function readMounts(): Promise<MountPoint[]> {
  return parseMountinfo(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** Format: proc_pid_mountinfo(5). */
export function parseMountinfo(text: string): MountPoint[] {
  return text.split('\n').flatMap((line) => {
    const [own = '', fileSystem = ''] = line.split(' - ');
    const [, , , root, path, options] = own.split(' ');
    const [type = '', , superOptions = ''] = fileSystem.split(' ');
    if (root === undefined || path === undefined || options === undefined) return [];
    return [
      {
        path: unescape(path),
        options: options.split(','),
        type,
        root: unescape(root),
        superOptions: superOptions.split(','),
      },
    ];
  });
}

/** The mount that holds a path; of several on one place the last, which covers the others. */
export function mountOf(path: string, mounts: readonly MountPoint[]): MountPoint | undefined {
  return mounts
    .filter((mount) => isWithin(path, mount.path))
    .reduce<MountPoint | undefined>(
      (best, mount) => (best && best.path.length > mount.path.length ? best : mount),
      undefined,
    );
}

/** Whether a path is a directory or lies below it. Both are absolute and canonical. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
