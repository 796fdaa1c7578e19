import { closeSync, openSync } from 'node:fs';

/** libuv's own pipe, by which it hears whether the program could be started. */
const own = 2;
/** For what threads of this process open at the same time. */
const spare = 4;

/**
 * Throws EMFILE or ENFILE when there are too few file descriptors to start a program with so many pipes.
 * Node would lose its ends of the pipes for good when these fit and libuv's own does not. Only what is
 * started before anything is waited for has the room.
 */
export function assertSpawnRoom(pipes: number): void {
  const held: number[] = [];
  try {
    while (held.length < 2 * pipes + own + spare) held.push(openSync('/', 'r'));
  } finally {
    for (const fd of held) closeSync(fd);
  }
}
