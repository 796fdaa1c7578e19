import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface GuardedFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** A fresh temporary folder that goes away even when this process is killed: a small shell waits for our end. */
export async function createGuardedFolder(prefix: string): Promise<GuardedFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  // Its standard input ends when we close it or die, and then it removes what is left.
  const script = 'cat >/dev/null; for i in 1 2 3; do rm -rf -- "$1" && break; sleep 0.2; done';
  const guard = spawn('sh', ['-c', script, 'sh', path], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    detached: true,
  });
  const ended = once(guard, 'exit');
  guard.unref();
  // The pipe must not keep this process alive either.
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  return {
    path,
    async remove() {
      guard.ref();
      guard.stdin.end();
      await ended;
      await rm(path, { recursive: true, force: true });
    },
  };
}
