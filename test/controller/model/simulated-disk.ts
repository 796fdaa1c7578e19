import { basename, dirname } from 'node:path';
import type { Life, Scheduler } from './scheduler.ts';

interface Inode {
  text: string;
  /** What is there after the loss of power, unless chance has it that more is. */
  safe: string;
  readonly born: number;
}

/** A change of the directory that the loss of power may undo. */
type Change = (files: Map<string, Inode>) => void;

export type DiskFault = (what: string, file: string) => Error | undefined;

const enoent = (file: string): Error =>
  Object.assign(new Error(`ENOENT: no such file, ${file}`), { code: 'ENOENT' });

/**
 * One directory on a disk: what was written is lost with the power until it is synced, be it text
 * or names, and names are lost in order. A process that is killed loses nothing.
 */
export class SimulatedDisk {
  readonly #scheduler: Scheduler;
  readonly #fault: DiskFault;
  #files = new Map<string, Inode>();
  #safeFiles = new Map<string, Inode>();
  #changes: Change[] = [];
  /** Hears of each change of what a file of the directory says; undefined when it is gone. */
  onChange: (name: string, text: string | undefined) => void = () => undefined;

  constructor(scheduler: Scheduler, fault: DiskFault) {
    this.#scheduler = scheduler;
    this.#fault = fault;
  }

  /** What a process reads now. */
  read(name: string): string | undefined {
    return this.#files.get(name)?.text;
  }

  names(): string[] {
    return [...this.#files.keys()];
  }

  /** What is there for sure after the loss of power. */
  readSafe(name: string): string | undefined {
    return this.#safeFiles.get(name)?.safe;
  }

  losePower(): void {
    const { chance } = this.#scheduler;
    const survive = chance.between(0, this.#changes.length);
    for (const change of this.#changes.slice(0, survive)) change(this.#safeFiles);
    this.#changes = [];
    for (const inode of this.#safeFiles.values()) {
      if (inode.text !== inode.safe && chance.happens(0.5)) {
        inode.safe = inode.text.slice(0, chance.between(0, inode.text.length));
      }
      inode.text = inode.safe;
    }
    this.#files = new Map(this.#safeFiles);
  }

  /** The part of node:fs/promises that the journal uses. */
  filesFor(life: Life): Record<string, (...args: never[]) => Promise<unknown>> {
    const on = async <T>(what: string, file: string, act: () => T): Promise<T> =>
      await this.#scheduler.step(life, `disk ${what} ${basename(file)}`, () => {
        // An entry that cannot be read is as if it were corrupt, for that life: tests of the journal have that.
        const fault = what === 'stat' || what === 'read' ? undefined : this.#fault(what, file);
        if (fault !== undefined) throw fault;
        return act();
      });
    const get = (file: string): Inode => {
      const inode = this.#files.get(basename(file));
      if (inode === undefined) throw enoent(file);
      return inode;
    };
    const stat = async (file: string): Promise<object> =>
      await on('stat', file, () => {
        const { text, born } = get(file);
        return { isFile: () => true, isDirectory: () => false, size: text.length, mtimeMs: born };
      });
    return {
      mkdir: async (file: string) => await on('mkdir', file, () => undefined),
      readdir: async (file: string) => await on('readdir', file, () => [...this.#files.keys()]),
      readFile: async (file: string) => await on('read', file, () => get(file).text),
      stat,
      lstat: stat,
      rm: async (file: string) => {
        await on('rm', file, () =>
          this.#change(basename(file), (f) => void f.delete(basename(file))),
        );
      },
      rename: async (from: string, to: string) =>
        await on('rename', to, () => {
          const inode = get(from);
          this.#change(basename(to), (files) => {
            files.delete(basename(from));
            files.set(basename(to), inode);
          });
        }),
      open: async (file: string, flags: string) =>
        await on(`open ${flags}`, file, () => {
          if (flags === 'r') return this.#directoryHandle(file, on);
          const inode: Inode = { text: '', safe: '', born: this.#scheduler.now };
          this.#change(basename(file), (files) => void files.set(basename(file), inode));
          return fileHandle(file, inode, on);
        }),
    };
  }

  #directoryHandle(file: string, on: Operation): object {
    const sync = async (): Promise<void> =>
      await on('sync folder', file, () => {
        for (const change of this.#changes) change(this.#safeFiles);
        this.#changes = [];
      });
    return { sync, close: async () => await on('close', file, () => undefined) };
  }

  #change(name: string, change: Change): void {
    change(this.#files);
    this.#changes.push(change);
    this.onChange(name, this.read(name));
  }
}

type Operation = <T>(what: string, file: string, act: () => T) => Promise<T>;

function fileHandle(file: string, inode: Inode, on: Operation): object {
  return {
    writeFile: async (text: string) => {
      // A disk that gets full takes the first half.
      await on('write half', file, () => void (inode.text = text.slice(0, text.length / 2)));
      await on('write', file, () => void (inode.text = text));
    },
    sync: async () => await on('sync', file, () => void (inode.safe = inode.text)),
    close: async () => await on('close', file, () => undefined),
  };
}

/** The folder of a life's journal; the path says whose it is. */
const simulatedRoot = '/simulated-disk';

export function folderOf(life: Life): string {
  return `${simulatedRoot}/${life.id}`;
}

export function lifeOf(path: string): number | undefined {
  if (!path.startsWith(`${simulatedRoot}/`)) return undefined;
  const folder = dirname(path) === simulatedRoot ? path : dirname(path);
  return Number(basename(folder));
}
