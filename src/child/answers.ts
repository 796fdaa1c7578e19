import { writeSync } from 'node:fs';
import type { ContentFailure, ContentProgress, ContentReport } from '../api/protocol.ts';
import { errorCode } from './fs-errors.ts';

/** The pipes to the host. */
export interface AnswerFds {
  readonly error: number;
  readonly metrics: number;
  readonly progress: number;
}

/** Everything is written before a call returns, so that the process may exit at any time after it. */
export interface Answers {
  readonly failure: (failure: ContentFailure) => void;
  readonly report: (report: ContentReport) => void;
  readonly progress: (progress: ContentProgress) => void;
}

type Write = (fd: number, data: Uint8Array) => number;

/** How often a full pipe is tried again, 5 ms apart, before the host counts as dead. */
const maxWaits = 2000;

export function createAnswers(fds: AnswerFds, write: Write = writeSync): Answers {
  let progressOpen = true;
  return {
    failure: (failure) => void writeAll(fds.error, JSON.stringify(failure), write),
    report: (report) => void writeAll(fds.metrics, JSON.stringify(report), write),
    progress: (progress) => {
      // A line that was written in part would garble the next one.
      progressOpen &&= writeAll(fds.progress, `${JSON.stringify(progress)}\n`, write);
    },
  };
}

/** Whether all of it was written; a host that is gone or does not listen is no reason to fail. */
function writeAll(fd: number, text: string, write: Write): boolean {
  let rest: Uint8Array = Buffer.from(text, 'utf8');
  for (let waits = 0; rest.length > 0;) {
    try {
      rest = rest.subarray(write(fd, rest));
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN' || waits >= maxWaits) return false;
      waits += 1;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
  return true;
}
