/** Kills at moments of chance, with work going on all the time. */
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../support/wait.ts';
import type { Kind } from './kinds.ts';
import { endedWithin } from './lives.ts';
import type { Random } from './random.ts';
import type { Site, Subject } from './site.ts';

/** Milliseconds of the longest life. Much of it is start and recovery, which are to be hit as well. */
const longestLifeMs = 1600;
/** From SIGTERM to SIGKILL, where both are sent. */
const longestDrainMs = 150;
const workInHand = 6;
/** Each life may cost a resource an attempt, and it has 21: after so many it is given the time it needs. */
const mostLives = 6;

export interface RandomKills {
  /** Lives that SIGKILL ended. */
  killed: number;
  /** Of those, lives that were ending after SIGTERM already. */
  whileEnding: number;
  /** Lives that ended by themselves, after SIGTERM. */
  ended: number;
}

export interface KillOptions {
  readonly random: Random;
  readonly kills: number;
  /** What there is work with; one that is there twice comes twice as often. */
  readonly mix: readonly Kind[];
  readonly tell?: (text: string) => void;
}

/** Ends so many lives by SIGKILL at random moments, with some by SIGTERM in between. */
export async function killAtRandom(
  site: Site,
  { random, kills, mix, tell = () => undefined }: KillOptions,
): Promise<RandomKills> {
  const counts: RandomKills = { killed: 0, whileEnding: 0, ended: 0 };
  const lives = new Map<string, number>();
  while (counts.killed < kills) {
    await topUp(site, random, mix);
    const weary: Subject[] = [];
    for (const subject of unsettled(site)) {
      const { kind, name } = subject;
      if (random.below(4) < 1) await kind.repair?.(name);
      lives.set(name, (lives.get(name) ?? 0) + 1);
      if ((lives.get(name) ?? 0) > mostLives) weary.push(subject);
    }
    for (const { kind, name } of weary) await kind.repair?.(name);
    const program = site.start(random.below(3) < 1 ? ['--drain-timeout', '1'] : []);
    const rested = (): boolean => weary.every(({ settled }) => settled !== undefined);
    await waitFor('a resource that was interrupted often', rested, { timeoutMs: 60_000 });
    await Promise.race([delay(random.below(longestLifeMs)), program.ended]);
    if (!program.running) {
      throw new Error(`the daemon ended by itself; it said last:\n${await program.logTail()}`);
    }
    const fate = random.below(10);
    if (fate < 3) program.signal('SIGTERM');
    if (fate < 1) {
      await endedWithin(program, 30_000);
      counts.ended += 1;
      continue;
    }
    if (fate < 3) await Promise.race([delay(random.below(longestDrainMs)), program.ended]);
    if (!program.running) {
      counts.ended += 1;
      continue;
    }
    program.signal('SIGKILL');
    await program.ended;
    counts.killed += 1;
    if (fate < 3) counts.whileEnding += 1;
    if (counts.killed % 20 === 0) tell(`${counts.killed} of ${kills} random kills`);
  }
  return counts;
}

function unsettled(site: Site): Subject[] {
  return [...site.subjects.values()].filter(({ settled }) => settled === undefined);
}

async function topUp(site: Site, random: Random, mix: readonly Kind[]): Promise<void> {
  for (let missing = workInHand - unsettled(site).length; missing > 0; missing -= 1) {
    await site.create(site.plan(random.pick(mix)));
  }
}
