import type { Logger } from 'pino';
import { ContentError } from '../api/errors.ts';
import type { AttemptParts } from './attempt.ts';
import { toFailedEntry, toSucceededEntry } from './attempt-outcome.ts';
import type { Engine } from './engine.ts';
import type { RunningEntry } from './journal-entry.ts';
import { identityFields } from './log-fields.ts';

export interface RecoveryParts extends Pick<AttemptParts, 'journal' | 'clock' | 'attemptBackoff'> {
  readonly engine: Pick<Engine, 'reap' | 'finished'>;
  readonly log: Logger;
}

/**
 * Ends what is left of an attempt that an earlier life of the daemon started, and records what
 * became of it. If it came to its end, the content may be in use already and is kept; else it is
 * interrupted, and what it wrote is left to the next attempt, which removes it. Throws ContentError.
 */
export async function recover(parts: RecoveryParts, entry: RunningEntry): Promise<void> {
  await parts.engine.reap(entry.uid);
  await conclude(parts, entry);
}

async function conclude(parts: RecoveryParts, entry: RunningEntry): Promise<void> {
  const { engine, journal, clock, log } = parts;
  // What lies in a directory that was given up to another resource meanwhile is that one's.
  const isItsOwn = entry.dirty || entry.provided === true;
  const { hostPath, startTime } = entry;
  const result = isItsOwn ? await engine.finished(hostPath, startTime) : undefined;
  // Its resource has come up meanwhile.
  if (journal.get(entry.uid) !== entry) return;
  const interrupted = new ContentError('Interrupted', 'the daemon ended while the attempt ran');
  const outcome =
    result === undefined
      ? toFailedEntry(entry, interrupted, entry.dirty, parts)
      : toSucceededEntry(entry, result, clock.now());
  await journal.record(outcome);
  const fields = { ...identityFields(entry), attempt: entry.attempts };
  log.warn({ ...fields, outcome: outcome.state }, 'attempt of an earlier life was interrupted');
}

/**
 * Ends all that an earlier life left, known to the journal or not. Before any work is taken. Throws when
 * something cannot be ended. A directory that does not say what became of its attempt concerns nobody but
 * its resource: the journal goes on saying that the attempt runs, which is recovered with the resource.
 */
export async function recoverAll(parts: RecoveryParts): Promise<void> {
  const { engine, journal, log } = parts;
  const ended = await engine.reap();
  if (ended.length > 0) log.warn({ ended }, 'containers of an earlier life were removed');
  for (const entry of [...journal.entries()]) {
    if (entry.state !== 'running') continue;
    try {
      await conclude(parts, entry);
    } catch (err) {
      const message =
        'what became of an attempt of an earlier life cannot be told; it is tried again';
      log.error({ ...identityFields(entry), attempt: entry.attempts, err }, message);
    }
  }
}
