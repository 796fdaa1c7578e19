import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';

/** What is in one directory in another one too, until it is disposed of. Needs root. */
export async function bindMount(source: string, target: string): Promise<AsyncDisposable> {
  await mkdir(target, { recursive: true });
  await execa('mount', ['--bind', source, target]);
  return {
    async [Symbol.asyncDispose]() {
      // A sandbox may just be ending, with a copy of it.
      await execa('umount', ['--lazy', target]);
    },
  };
}
