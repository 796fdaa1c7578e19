/** A daemon that is killed time and again never gives a resource the time it needs, and its attempts run out. */
import type { Program } from '../../scripts/demo/program.ts';
import { waitFor } from '../support/wait.ts';
import { endedWithin } from './lives.ts';
import { type Site, type Subject, unsettled } from './site.ts';

/** Each life may cost a resource an attempt, and it has 21: after so many it is given the time it needs. */
const mostLives = 6;

const patienceMs = 60_000;

export function findWeary(site: Pick<Site, 'subjects'>): Subject[] {
  return unsettled(site).filter(({ lives }) => lives >= mostLives);
}

/** Waits until the daemon has brought them to their end, and puts right what keeps it from that. */
export async function restedIn(program: Program, weary: readonly Subject[]): Promise<void> {
  for (const { kind, name } of weary) await kind.repair?.(name);
  const rested = (): boolean => weary.every(({ settled }) => settled !== undefined);
  await waitFor('what was interrupted often to be settled', () => rested() || !program.running, {
    timeoutMs: patienceMs,
  });
}

/** A life of its own for those that need it, if there are any. */
export async function restWeary(site: Site): Promise<void> {
  const weary = findWeary(site);
  if (weary.length === 0) return;
  const program = site.start();
  await restedIn(program, weary);
  program.signal('SIGTERM');
  await endedWithin(program, patienceMs);
}
