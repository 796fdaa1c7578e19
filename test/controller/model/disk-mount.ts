import filesystem from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { lifeOf } from './simulated-disk.ts';

type Call = (...args: never[]) => Promise<unknown>;
type Files = Readonly<Record<string, Call>>;

const names = ['mkdir', 'readdir', 'readFile', 'stat', 'lstat', 'rm', 'rename', 'open'] as const;

/**
 * Puts simulated disks under node:fs/promises, so that the journal's own code runs on them
 * unchanged. Paths outside of them go to the real file system. Disposing takes them away.
 */
export function mountDisks(): Disposable & { readonly disks: Map<number, Files> } {
  const disks = new Map<number, Files>();
  const table = filesystem as unknown as Record<string, Call>;
  const real = new Map(names.map((name) => [name, table[name]]));
  for (const [name, original] of real) {
    table[name] = async (...args) => {
      const path: unknown = args[0];
      const life = typeof path === 'string' ? lifeOf(path) : undefined;
      const call = life === undefined ? original : disks.get(life)?.[name];
      if (call === undefined) throw new Error(`${name} of ${String(path)}: no such disk`);
      return await call(...args);
    };
  }
  syncBuiltinESMExports();
  return {
    disks,
    [Symbol.dispose]() {
      for (const [name, original] of real) if (original !== undefined) table[name] = original;
      syncBuiltinESMExports();
    },
  };
}
