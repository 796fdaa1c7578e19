/** Kills at moments of chance, with work going on all the time. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Kind } from './kinds.ts';
import { endedWithin } from './lives.ts';
import type { Random } from './random.ts';
import { findWeary, restedIn } from './rest.ts';
import { type Site, unsettled } from './site.ts';

/** Milliseconds of the longest life. Much of it is start and recovery, which are to be hit as well. */
const longestLifeMs = 1600;
/** From SIGTERM to SIGKILL, where both are sent. */
const longestDrainMs = 150;
const workInHand = 6;

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
  while (counts.killed < kills) {
    await topUp(site, random, mix);
    for (const { kind, name } of unsettled(site)) {
      if (random.below(4) < 1) await kind.repair?.(name);
    }
    const weary = findWeary(site);
    const program = site.start(random.below(3) < 1 ? ['--drain-timeout', '1'] : []);
    await restedIn(program, weary);
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

async function topUp(site: Site, random: Random, mix: readonly Kind[]): Promise<void> {
  for (let missing = workInHand - unsettled(site).length; missing > 0; missing -= 1) {
    await site.create(site.plan(random.pick(mix)));
  }
}
