/** Lives of the daemon that end at a moment of somebody's choice. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Program } from '../../scripts/demo/program.ts';
import type { Moment } from './sightings.ts';
import type { Site, Subject } from './site.ts';

/** A signal at a moment of the subject's life, or so many milliseconds after it. */
export interface Strike {
  readonly at: Moment;
  readonly signal: 'SIGKILL' | 'SIGTERM';
}

export interface LifeOptions {
  /** Milliseconds between the moment and the signal; 0 is as fast as it gets. */
  readonly delayMs: number;
  readonly flags?: readonly string[];
  /** What is done while the daemon runs, before the strikes are awaited. */
  readonly meanwhile?: () => Promise<void>;
}

const patienceMs = 40_000;
/** After the last word on the subject; what has not been seen by then was passed over. */
const graceMs = 250;

/**
 * Starts the daemon and strikes it. Answers how many of the strikes were made: a moment can be over
 * before it is seen, and SIGTERM may end the daemon before the next one. The daemon is gone in the end.
 */
export async function live(
  site: Site,
  subject: Subject,
  strikes: readonly Strike[],
  { delayMs, flags = [], meanwhile }: LifeOptions,
): Promise<number> {
  let made = 0;
  let program: Program | undefined;
  const allMade = Promise.withResolvers<void>();
  const waiting = new AbortController();
  const { signal } = waiting;
  const stopListening = site.sightings.listen((name, moment) => {
    const strike = strikes[made];
    if (program === undefined || name !== subject.name || moment !== strike?.at) return;
    made += 1;
    if (delayMs === 0) program.signal(strike.signal);
    else setTimeout(() => program?.signal(strike.signal), delayMs);
    if (made === strikes.length) allMade.resolve();
  });
  try {
    program = site.start(flags);
    await meanwhile?.();
    const waits = [delay(patienceMs, undefined, { signal }), untilOver(subject, signal)];
    await Promise.race([
      ...[allMade.promise, program.ended],
      ...waits.map(async (wait) => await wait.catch(() => undefined)),
    ]);
    if (made === 0 && !program.running) {
      throw new Error(`the daemon ended by itself; it said last:\n${await program.logTail()}`);
    }
    // After SIGTERM alone it has to end by itself; a second strike that did not come is made now.
    if (made < strikes.length || strikes.at(-1)?.signal === 'SIGKILL') {
      await delay(delayMs);
      program.signal('SIGKILL');
    }
    await endedWithin(program, patienceMs);
    return made;
  } finally {
    waiting.abort();
    stopListening();
  }
}

async function untilOver(subject: Subject, signal: AbortSignal): Promise<void> {
  while (subject.settled === undefined) await delay(graceMs / 5, undefined, { signal });
  await delay(graceMs, undefined, { signal });
}

export async function endedWithin(program: Program, ms: number): Promise<void> {
  const late = new AbortController();
  const timeout = delay(ms, true, { signal: late.signal }).catch(() => false);
  const isLate = await Promise.race([program.ended.then(() => false), timeout]);
  late.abort();
  if (!isLate) return;
  program.signal('SIGKILL');
  throw new Error(`the daemon did not end within ${ms} ms of SIGTERM`);
}
