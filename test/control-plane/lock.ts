import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs `action` while this process alone holds the lock file, so that two test runs do not build the same
 * program twice. flock(1) holds it: the kernel frees it however its holder ends.
 */
export async function withLock<T>(file: string, action: () => Promise<T>): Promise<T> {
  // `cat` lives until our end of the pipe closes, by us or by our death.
  const holder = spawn('flock', ['--exclusive', file, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const exited = once(holder, 'exit');
  try {
    await Promise.race([
      once(holder.stdout, 'data'),
      exited.then(() => {
        throw new Error(`flock could not lock ${file}`);
      }),
    ]);
    return await action();
  } finally {
    holder.stdin.end();
    await exited.catch(() => undefined);
  }
}
