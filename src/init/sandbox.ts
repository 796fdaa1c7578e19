/** One container from start to end: what it says is drained while it runs, an abort ends it. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { ContentProgress } from '../api/protocol.ts';
import { parseProgress } from './answers.ts';
import { capture, readLines } from './channels.ts';
import { killInCgroups, readReachedLimits, type ReachedLimits } from './cgroups.ts';
import type { Captured, Cleaner } from './clean.ts';
import { containerPaths, type RunEnvironment } from './environment.ts';
import type { Said, Traces } from './outcome.ts';
import { describeLittleRoom } from './free-space.ts';
import { maxLineLength, type RunLog } from './run-log.ts';
import { killContainer, startContainer, type Ending, type RuncProcess } from './runc.ts';

export interface SandboxOptions {
  /** For the child's standard input. */
  readonly input: string;
  readonly cleaner: Cleaner;
  readonly log: RunLog;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ContentProgress) => void;
}

export interface SandboxResult {
  readonly ending: Ending;
  readonly said: Said;
  readonly traces: Traces;
  readonly reached: ReachedLimits;
}

const errorBytes = 64 * 1024;
const reportBytes = 1024 * 1024;
/** Enough for the stack of a crash. */
const lastLines = 20;

/** What may still be in the pipes is waited for this long after the exit, ms. */
const pipesMs = 1000;
/** An abort first kills the container, every so often, since it may only be about to start ... */
const killEveryMs = 50;
/** ... and when that does not help, runc itself. */
const killRuncAfterMs = 1500;
const giveUpAfterMs = 2000;

/** Runs the bundle that is there. The container's state and cgroups stay behind. */
export async function runSandbox(
  environment: RunEnvironment,
  id: string,
  { input, cleaner, log, signal, onProgress }: SandboxOptions,
): Promise<SandboxResult> {
  const runc = startContainer(environment, id, input);
  const heard: Captured[] = [];
  const error = capture(runc.extra[0], errorBytes);
  const report = capture(runc.extra[1], reportBytes);
  const channels = [
    error,
    report,
    readLines(runc.extra[2], maxLineLength, ({ text }) => {
      const progress = parseProgress(text, cleaner);
      if (progress !== undefined) onProgress?.(progress);
    }),
    readLines(runc.stdout, maxLineLength, (line) => log.output('stdout', line)),
    readLines(runc.stderr, maxLineLength, (line) => {
      log.output('stderr', line);
      if (heard.push(line) > lastLines) heard.shift();
    }),
  ];
  try {
    const ending = await waitForEnd(environment, id, runc, signal);
    // Who called it off does not wait for the words of what may not even end.
    const hasWords = !signal.aborted || ('exitCode' in ending && ending.exitCode === 0);
    if (hasWords) {
      await withinMs(pipesMs, Promise.all(channels.map(({ ended }) => ended)));
      // A daemon that was held up reads only now what has long been in them.
      await nextTurn();
    }
    const [runcErrors, reached, littleRoom] = await Promise.all([
      readRuncLog(environment, id, cleaner, log),
      readReachedLimits(environment, id),
      describeLittleRoom(environment.stateDir),
    ]);
    return {
      ending,
      reached,
      traces: { id, littleRoom, hasState: existsSync(containerPaths(environment, id).runcState) },
      said: {
        error: error.captured(),
        report: report.captured(),
        lastLines: heard.map((line) => cleaner.line(line, maxLineLength)),
        runcErrors,
      },
    };
  } finally {
    runc.kill();
    for (const channel of channels) channel.destroy();
  }
}

async function waitForEnd(
  environment: RunEnvironment,
  id: string,
  runc: RuncProcess,
  signal: AbortSignal,
): Promise<Ending> {
  const stopped = new AbortController();
  const ended = runc.exited.finally(() => stopped.abort());
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { signal: stopped.signal });
  });
  await Promise.race([ended, aborted]);
  const abortedAt = environment.now();
  let killing: Promise<void> | undefined;
  while (!stopped.signal.aborted) {
    const elapsed = environment.now() - abortedAt;
    // In a system call that does not return, say. Cleaning up tells what stays behind.
    if (elapsed > giveUpAfterMs) return { signal: 'no signal' };
    if (elapsed > killRuncAfterMs) runc.kill();
    // Both, since another runc may hang, and the cgroups may not be where they are looked for.
    await killInCgroups(environment, id);
    killing ??= killContainer(environment, id, stopped.signal).finally(() => (killing = undefined));
    await withinMs(killEveryMs, ended);
  }
  await killing;
  return await ended;
}

/** Settles when the promise does, at the latest after so many ms. */
async function withinMs(ms: number, promise: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const late = delay(ms, undefined, { signal: timer.signal }).catch(() => {});
  await Promise.race([promise, late]);
  timer.abort();
}

/** Errors in runc's log; all of it goes to this run's log. */
async function readRuncLog(
  environment: RunEnvironment,
  id: string,
  cleaner: Cleaner,
  log: RunLog,
): Promise<string[]> {
  const text = await readFile(containerPaths(environment, id).runcLog, 'utf8').catch(() => '');
  const errors: string[] = [];
  for (const line of text
    .split('\n')
    .filter((each) => each !== '')
    .slice(-lastLines)) {
    const { level, message } = parseRuncLine(line);
    log.runc(level, message);
    if (level === 'error' || level === 'fatal') errors.push(cleaner.line(message, maxLineLength));
  }
  return errors;
}

function parseRuncLine(line: string): { level: string; message: string } {
  try {
    const { level, msg } = JSON.parse(line) as Record<string, unknown>;
    if (typeof level === 'string' && typeof msg === 'string') return { level, message: msg };
  } catch {
    // Not JSON: runc was cut short while it wrote.
  }
  return { level: 'error', message: line };
}
