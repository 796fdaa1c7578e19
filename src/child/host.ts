import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';

/**
 * Calls `gone` when the host has let go of its end of a socket: it was killed, and nobody is left who
 * could end this run, or wants it. Does nothing with what is no socket. Never keeps the process alive.
 */
export function watchHost(fd: number, gone: () => void): void {
  if (!isSocket(fd)) return;
  new Socket({ fd, readable: true, writable: false })
    .once('error', gone)
    .once('end', gone)
    .resume()
    .unref();
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
