/** Reading what a program writes while it runs: always to the end, never more into memory than a bound. */
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Captured } from './clean.ts';

export interface Channel {
  /** Settles when the other end is closed, or the stream was destroyed. Never rejects. */
  readonly ended: Promise<void>;
  readonly destroy: () => void;
}

export interface CapturingChannel extends Channel {
  /** The beginning of what was written so far. */
  readonly captured: () => Captured;
}

/** Keeps the first `maxBytes`. */
export function capture(stream: Readable, maxBytes: number): CapturingChannel {
  const kept: Buffer[] = [];
  let length = 0;
  let cut = false;
  stream.on('data', (chunk: Buffer) => {
    const rest = chunk.subarray(0, maxBytes - length);
    if (rest.length < chunk.length) cut = true;
    if (rest.length > 0) kept.push(rest);
    length += rest.length;
  });
  return { ...channel(stream), captured: () => ({ text: Buffer.concat(kept).toString(), cut }) };
}

/** Hands on line by line, of each line the first `maxLength` characters. */
export function readLines(
  stream: Readable,
  maxLength: number,
  onLine: (line: Captured) => void,
): Channel {
  const decoder = new TextDecoder();
  let pending = '';
  let cut = false;
  const append = (piece: string): void => {
    const room = maxLength - pending.length;
    if (piece.length > room) cut = true;
    pending += piece.slice(0, room);
  };
  const flush = (): void => {
    if (pending !== '') onLine({ text: pending, cut });
    pending = '';
    cut = false;
  };
  stream.on('data', (chunk: Buffer) => {
    const pieces = decoder.decode(chunk, { stream: true }).split('\n');
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) flush();
      append(piece);
    }
  });
  const { ended, destroy } = channel(stream);
  return { ended: ended.then(flush), destroy };
}

function channel(stream: Readable): Channel {
  return {
    ended: finished(stream, { writable: false }).catch(() => {}),
    destroy: () => stream.destroy(),
  };
}
